"""How much was asked, over time: of one space by everybody, or by one tenant of everything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit import queries
from audit.models import SpaceUsage, Step, TenantUsage
from tenants.callers import INSTALLATION
from tenants.errors import Invalid
from tenants.scope import SpaceScope, space_tx, tenant_tx

# Days that steps of each length are kept.
KEPT = {Step.MINUTE: 2, Step.HOUR: 90, Step.DAY: 731}
# How far back a series reaches unless it is asked for more.
WINDOW = {Step.MINUTE: timedelta(hours=3), Step.HOUR: timedelta(days=3), Step.DAY: timedelta(days=90)}
LENGTH = {Step.MINUTE: timedelta(minutes=1), Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1)}
MOST_STEPS = 1_500


@dataclass(frozen=True)
class Durations:
    """How long operations took, in milliseconds: how many of them fell into each bucket, and their sum.

    Bucket b is (√2ᵇ⁻¹, √2ᵇ], so a quantile is at most 1.42 times too far off, and durations of several series add up.
    """

    buckets: Mapping[int, int]
    milliseconds: float

    @cached_property
    def operations(self) -> int:
        return sum(self.buckets.values())

    @property
    def mean(self) -> float:
        return self.milliseconds / self.operations if self.operations else 0.0

    def quantile(self, share: float) -> float:
        """What a ``share`` (0 to 1) of the operations did not exceed, taking those of a bucket as spread evenly over it."""
        wanted, passed = share * self.operations, 0
        for bucket, held in sorted(self.buckets.items()):
            if passed + held >= wanted:
                lower, upper = 2 ** ((bucket - 1) / 2), 2 ** (bucket / 2)
                return float(lower + (upper - lower) * (wanted - passed) / held)
            passed += held
        return 0.0

    def __add__(self, other: "Durations") -> "Durations":
        buckets = {
            bucket: self.buckets.get(bucket, 0) + other.buckets.get(bucket, 0)
            for bucket in self.buckets.keys() | other.buckets.keys()
        }
        return Durations(buckets, self.milliseconds + other.milliseconds)


@dataclass(frozen=True, slots=True)
class Point:
    """Operations of one action and outcome within the step that begins at ``at``."""

    at: datetime
    action: str
    outcome: str
    durations: Durations

    @property
    def operations(self) -> int:
        return self.durations.operations


@dataclass(frozen=True, slots=True)
class Series:
    """Points in order of time, action and outcome; where nothing was asked, there is no point. The last step may still run."""

    step: Step
    after: datetime
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Asked:
    """Operations, and how many of them did not succeed."""

    operations: int = 0
    refused: int = 0


def space_series(scope: SpaceScope, step: Step, after: datetime | None = None) -> Series:
    """What the space was asked, by its own tenant and by guests, from ``after`` (by default the step's ``WINDOW`` ago) on.

    Raises ``Invalid`` for more than ``MOST_STEPS``.
    """
    scope.require("read")
    with space_tx(scope, durable=False):
        return _series(SpaceUsage.objects.filter(space_id=scope.space_id), step, after)


def tenant_series(tenant_id: UUID, step: Step, after: datetime | None = None) -> Series:
    """What the tenant asked, in its own spaces, in others' and outside of any; for the rest as ``space_series``."""
    with tenant_tx(tenant_id, durable=False):
        return _series(TenantUsage.objects.filter(tenant_id=tenant_id), step, after)


def tenant_pulse(tenant_id: UUID, step: Step) -> Series:
    """The same over the step's ``WINDOW`` with all actions together, each point's ``action`` being empty."""
    after = timezone.now() - WINDOW[step]
    with tenant_tx(tenant_id, durable=False):
        rows = queries.tenant_pulse(tenant_id, step, after)
    points = [
        Point(
            datetime.fromtimestamp(seconds, UTC),
            "",
            outcome,
            Durations(dict(zip(buckets, operations, strict=True)), milliseconds),
        )
        for seconds, outcome, buckets, operations, milliseconds in rows
    ]
    return Series(step, after, points)


def asked_by_tenants(tenant_ids: Iterable[UUID]) -> dict[UUID, Asked]:
    """What each of some tenants asked in the last day's hours, for operators, by one query; who asked nothing is not in it."""
    day_ago = timezone.now() - timedelta(days=1)
    with tenant_tx(INSTALLATION, durable=False):
        rows = queries.asked_by_tenants(list(tenant_ids), day_ago)
    return {tenant_id: Asked(operations, refused) for tenant_id, operations, refused in rows}


def roll_up_usage() -> int:
    """Bring the series up to the last whole minute and drop what has had its time. Idempotent; returns the calls it took."""
    calls, reached, latest = 1, *queries.roll_up_usage()
    while reached < latest:
        reached, latest = queries.roll_up_usage()
        calls += 1
    queries.forget_usage(minutes=KEPT[Step.MINUTE], hours=KEPT[Step.HOUR], days=KEPT[Step.DAY])
    return calls


def _series(usage: Any, step: Step, after: datetime | None) -> Series:
    now = timezone.now()
    start = after or now - WINDOW[step]
    if now - start > MOST_STEPS * LENGTH[step]:
        earliest = now - MOST_STEPS * LENGTH[step]
        raise Invalid(
            f"'after' is {start:%Y-%m-%d %H:%M}; allowed with the step {step.value!r}: {earliest:%Y-%m-%d %H:%M} or later.",
            attr="after",
        )
    # Thousands of rows, which are only read: making models of them would take longer than fetching them.
    named = ("at", "action", "outcome", "bucket")
    rows = usage.filter(step=step, at__gte=start).order_by(*named).values_list(*named, "operations", "milliseconds")
    points = [
        Point(at, action, outcome, _durations(list(group)))
        for (at, action, outcome), group in groupby(rows, lambda row: row[:3])
    ]
    return Series(step, start, points)


def _durations(rows: Sequence[tuple[Any, ...]]) -> Durations:
    return Durations({bucket: operations for *_, bucket, operations, _ in rows}, sum(row[-1] for row in rows))
