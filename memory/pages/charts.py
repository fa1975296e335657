"""Usage series as the charts of the pages take them."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from audit.models import Step
from audit.services.usage import LENGTH, Durations, Series

_NONE = Durations({}, 0.0)
_WORDS = {Step.MINUTE: "Last 3 hours", Step.HOUR: "Last 3 days", Step.DAY: "Last 90 days"}


@dataclass(frozen=True, slots=True)
class Chart:
    """``at`` in seconds since 1970, one entry for every step, from ``since`` to the minute ``until``; latencies in milliseconds,
    ``None`` where nothing was done."""

    step: Step
    since: datetime
    until: datetime
    at: list[int]
    allowed: list[int]
    refused: list[int]
    middle: list[float | None]
    slow: list[float | None]
    durations: Durations

    @property
    def operations_json(self) -> str:
        return json.dumps([self.at, self.allowed, self.refused])

    @property
    def latency_json(self) -> str:
        return json.dumps([self.at, self.middle, self.slow])

    @property
    def total(self) -> int:
        return sum(self.allowed) + sum(self.refused)

    @property
    def total_refused(self) -> int:
        return sum(self.refused)

    @property
    def busiest(self) -> int:
        return max((sum(both) for both in zip(self.allowed, self.refused, strict=True)), default=0)

    @property
    def slow_overall(self) -> float:
        """What 95 of 100 operations did not exceed, in milliseconds."""
        return self.durations.quantile(0.95)


@dataclass(frozen=True, slots=True)
class ActionUse:
    """One kind of operation over a whole series: how many were let through and how long these took, and how many were not."""

    action: str
    durations: Durations
    refused: int

    @property
    def allowed(self) -> int:
        return self.durations.operations

    @property
    def middle(self) -> float:
        return self.durations.quantile(0.5)

    @property
    def slow(self) -> float:
        return self.durations.quantile(0.95)


@dataclass(frozen=True, slots=True)
class Span:
    """A choice of how far back charts look."""

    step: Step
    words: str
    is_chosen: bool


def spans(chosen: Step) -> list[Span]:
    return [Span(step, words, step == chosen) for step, words in _WORDS.items()]


def asked_step(value: str | None) -> Step:
    """The step that a page's address names; the shortest if it names none that there is."""
    return Step(value) if value in Step.values else Step.MINUTE


def chart(series: Series) -> Chart:
    """A series without gaps: operations allowed and refused in each step, and how long the allowed ones took."""
    allowed: dict[int, Durations] = defaultdict(lambda: _NONE)
    refused: dict[int, int] = defaultdict(int)
    for point in series.points:
        at = int(point.at.timestamp())
        if point.outcome == "allowed":
            allowed[at] += point.durations
        else:
            refused[at] += point.operations
    now = timezone.now()
    steps = _steps(series, now)
    return Chart(
        step=series.step,
        since=datetime.fromtimestamp(steps[0], UTC) if steps else series.after,
        until=now.replace(second=0, microsecond=0),
        at=steps,
        allowed=[allowed[at].operations for at in steps],
        refused=[refused[at] for at in steps],
        middle=[_rounded(allowed[at], 0.5) for at in steps],
        slow=[_rounded(allowed[at], 0.95) for at in steps],
        durations=sum(allowed.values(), _NONE),
    )


def by_action(series: Series) -> list[ActionUse]:
    """The operations of a series by their kind, the commonest first."""
    allowed: dict[str, Durations] = defaultdict(lambda: _NONE)
    refused: dict[str, int] = defaultdict(int)
    for point in series.points:
        if point.outcome == "allowed":
            allowed[point.action] += point.durations
        else:
            refused[point.action] += point.operations
    uses = [ActionUse(action, allowed[action], refused[action]) for action in sorted({*allowed, *refused})]
    return sorted(uses, key=lambda use: -(use.allowed + use.refused))


def _steps(series: Series, now: datetime) -> list[int]:
    length = int(LENGTH[series.step].total_seconds())
    first = -(-int(series.after.timestamp()) // length) * length
    return list(range(first, int(now.timestamp()) + 1, length))


def _rounded(durations: Durations, share: float) -> float | None:
    return round(durations.quantile(share), 1) if durations.operations else None
