"""Usage series as charts draw them: without gaps, and with what was refused apart."""

from datetime import UTC, datetime, timedelta

import time_machine

from audit.models import Step
from audit.services.usage import Durations, Point, Series
from memory.pages.charts import asked_step, by_action, chart, spans

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def point(minutes: int, outcome: str, *buckets: int, action: str = "recall") -> Point:
    held = {bucket: buckets.count(bucket) for bucket in buckets}
    return Point(NOON + timedelta(minutes=minutes), action, outcome, Durations(held, 1.0))


@time_machine.travel(NOON + timedelta(minutes=3, seconds=20), tick=False)
def test_a_chart_has_an_entry_for_every_step_and_adds_up_actions() -> None:
    points = [
        point(1, "allowed", 4, 4),
        point(1, "allowed", 8, action="remember"),
        point(1, "limited", 2),
        point(3, "denied", 2),
    ]
    drawn = chart(Series(Step.MINUTE, NOON - timedelta(seconds=30), points))
    assert drawn.at == [int((NOON + timedelta(minutes=minute)).timestamp()) for minute in range(4)]
    assert drawn.allowed == [0, 3, 0, 0]
    assert drawn.refused == [0, 1, 0, 1]
    assert [value is None for value in drawn.middle] == [True, False, True, True]
    assert (drawn.since, drawn.until) == (NOON, NOON + timedelta(minutes=3))
    assert (drawn.total, drawn.total_refused, drawn.busiest) == (5, 2, 4)


@time_machine.travel(NOON, tick=False)
def test_nothing_asked_is_a_chart_of_zeros() -> None:
    drawn = chart(Series(Step.HOUR, NOON - timedelta(hours=2), []))
    assert drawn.allowed == drawn.refused == [0, 0, 0]
    assert (drawn.total, drawn.busiest, drawn.slow_overall) == (0, 0, 0.0)


def test_an_address_that_names_no_step_gets_the_shortest() -> None:
    assert [asked_step(value) for value in ("day", "year", None)] == [Step.DAY, Step.MINUTE, Step.MINUTE]
    assert [span.step for span in spans(Step.HOUR) if span.is_chosen] == [Step.HOUR]


def test_operations_are_added_up_by_kind_the_commonest_first() -> None:
    points = [point(0, "allowed", 4, action="recall"), point(1, "allowed", 4, 4, action="recall")]
    points += [point(1, "limited", 2, 2, 2, 2, action="remember"), point(2, "denied", 2, action="forget")]
    uses = by_action(Series(Step.MINUTE, NOON, points))
    assert [(use.action, use.allowed, use.refused) for use in uses] == [
        ("remember", 0, 4),
        ("recall", 3, 0),
        ("forget", 0, 1),
    ]
    assert 0 < uses[1].middle < uses[1].slow <= 4
