"""Usage over time: what the audit trail holds, counted by minute, hour and day."""

import math
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from audit import queries
from audit.models import SpaceUsage, Step, TenantUsage
from audit.services.usage import Durations, Series, space_series, tenant_pulse, tenant_series
from audit.tasks import roll_up_usage
from memory.services.usage import usage
from tenants.callers import INSTALLATION
from tenants.errors import Invalid
from tenants.models import Grant, Space, Tenant
from tenants.scope import space_tx
from tests.world import World, scope_of

LONG_AGO = datetime(2020, 2, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner(world: World) -> Iterator[psycopg.Connection]:
    """The schema's owner, with the trail as it was before the world was made: empty."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("delete from audit_auditevent")
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


def happen(owner: psycopg.Connection, at: datetime, *durations: float, **fields: Any) -> None:
    """Put events of acme's into the trail, each of a duration in milliseconds."""
    space = Space.objects.filter(name=fields.get("space", "acme_s1")).first()
    event = {
        "tenant_id": Tenant.objects.get(slug="acme").id,
        "space": "acme_s1",
        "space_id": space.id if space else None,
        "action": "recall",
        "outcome": "allowed",
        **fields,
    }
    owner.cursor().executemany(
        """
        insert into audit_auditevent (at, tenant_id, space_id, space, actor_kind, action, outcome, request_id, duration_ms)
        values (%(at)s, %(tenant_id)s, %(space_id)s, %(space)s, 'key', %(action)s, %(outcome)s, 'a request', %(duration)s)
        """,
        [{**event, "at": at, "duration": duration} for duration in durations],
    )


def minutes_ago(minutes: int) -> datetime:
    return timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes)


def of_space(name: str, step: Step = Step.MINUTE) -> Series:
    return space_series(scope_of(name), step)


def of_tenant(slug: str, step: Step = Step.MINUTE) -> Series:
    return tenant_series(Tenant.objects.get(slug=slug).id, step)


def counted(series: Series) -> list[tuple[datetime, str, str, int]]:
    return [(point.at, point.action, point.outcome, point.operations) for point in series.points]


def stored(owner: psycopg.Connection) -> list[tuple[Any, ...]]:
    rows = owner.execute(
        """
        select space_id, step, at, action, outcome, bucket, operations, milliseconds from audit_spaceusage
        union all
        select tenant_id, step, at, action, outcome, bucket, operations, milliseconds from audit_tenantusage
        order by 1, 2, 3, 4, 5, 6
        """
    )
    return rows.fetchall()


def test_operations_are_counted_by_minute_action_and_outcome(owner: psycopg.Connection) -> None:
    earlier, later = minutes_ago(4), minutes_ago(2)
    happen(owner, earlier + timedelta(seconds=1), 1.0, 2.0)
    happen(owner, earlier + timedelta(seconds=59), 3.0)
    happen(owner, earlier, 1.0, outcome="limited")
    happen(owner, later, 9.0, action="remember")
    roll_up_usage()
    expected = [
        (earlier, "recall", "allowed", 3),
        (earlier, "recall", "limited", 1),
        (later, "remember", "allowed", 1),
    ]
    assert counted(of_space("acme_s1")) == expected
    assert counted(of_tenant("acme")) == expected
    assert of_space("acme_s1").points[0].durations.milliseconds == 6.0


def test_the_running_minute_waits_for_its_end(owner: psycopg.Connection) -> None:
    happen(owner, timezone.now() + timedelta(seconds=1), 1.0)
    roll_up_usage()
    assert counted(of_space("acme_s1")) == []


def test_hours_that_nobody_counted_are_given_the_time_that_they_take(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(queries._SQL, "roll_up_usage", "select current_setting('statement_timeout'), now()")
    assert queries.roll_up_usage()[0] == "15min"


def test_hours_and_days_sum_up_their_minutes(owner: psycopg.Connection) -> None:
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for hour, minute in ((3, 0), (3, 59), (23, 59)):
        happen(owner, day + timedelta(hours=hour, minutes=minute), 4.0, 5.0)
    roll_up_usage()
    hours = [point for point in of_space("acme_s1", Step.HOUR).points if point.action == "recall"]
    assert [(point.at, point.operations) for point in hours] == [
        (day + timedelta(hours=3), 4),
        (day + timedelta(hours=23), 2),
    ]
    (whole,) = of_space("acme_s1", Step.DAY).points
    assert (whole.at, whole.operations, whole.durations.milliseconds) == (day, 6, 27.0)


def test_rolling_up_again_changes_nothing(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(3), 1.0, 2.0, 300.0)
    roll_up_usage()
    once = stored(owner)
    owner.execute("delete from audit_usageprogress")
    roll_up_usage()
    roll_up_usage()
    assert once
    assert stored(owner) == once


def test_what_was_committed_late_is_counted_with_its_minute(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(3), 1.0)
    roll_up_usage()
    happen(owner, minutes_ago(3), 1.0)
    roll_up_usage()
    assert [point.operations for point in of_space("acme_s1").points] == [2]
    assert of_space("acme_s1", Step.DAY).points[-1].operations == 2


def test_a_worker_that_was_away_for_days_catches_up(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(40 * 60), 1.0)
    happen(owner, minutes_ago(2), 1.0)
    assert roll_up_usage() >= 6
    assert [point.operations for point in of_space("acme_s1", Step.HOUR).points] == [1, 1]
    assert roll_up_usage() == 1


def test_minutes_go_after_two_days_and_their_hours_stay(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(60 * 60), 1.0)
    roll_up_usage()
    left = owner.execute("select step, count(*) from audit_spaceusage group by 1 order by 1").fetchall()
    assert left == [("day", 1), ("hour", 1)]


def test_hours_go_after_ninety_days_and_days_after_two_years(owner: psycopg.Connection) -> None:
    roll_up_usage()
    owner.execute(
        """
        insert into audit_spaceusage
        select %s, step, at, 'recall', 'allowed', 1, 1, 1
        from (values ('hour', now() - interval '91 days'), ('hour', now() - interval '89 days'),
                     ('day', now() - interval '732 days'), ('day', now() - interval '730 days')) as old (step, at)
        """,
        [Space.objects.get(name="acme_s1").id],
    )
    owner.execute(
        "insert into audit_usageprogress (through) values (now()) on conflict (single) do update set through = now()"
    )
    roll_up_usage()
    kept = owner.execute("select step from audit_spaceusage where action = 'recall' order by 1").fetchall()
    assert kept == [("day",), ("hour",)]


def test_a_guests_operations_count_for_the_space_and_for_the_guest(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(2), 1.0, space="acme_shared", tenant_id=Tenant.objects.get(slug="globex").id)
    roll_up_usage()
    assert [point.operations for point in of_space("acme_shared").points] == [1]
    assert [point.operations for point in of_tenant("globex").points] == [1]
    assert of_tenant("acme").points == []


def test_a_refusal_counts_for_the_space_that_its_tenant_owns_or_was_lent(owner: psycopg.Connection) -> None:
    globex = Tenant.objects.get(slug="globex").id
    refused = {"outcome": "limited", "space_id": None}
    happen(owner, minutes_ago(2), 1.0, **refused)
    happen(owner, minutes_ago(2), 1.0, space="acme_shared", tenant_id=globex, **refused)
    roll_up_usage()
    assert counted(of_space("acme_s1")) == [(minutes_ago(2), "recall", "limited", 1)]
    assert [point.operations for point in of_space("acme_shared").points] == [1]


def test_a_stranger_does_not_write_into_a_spaces_chart(owner: psycopg.Connection) -> None:
    globex = Tenant.objects.get(slug="globex").id
    Grant.objects.all().delete()
    for tenant_id in (globex, INSTALLATION):
        happen(owner, minutes_ago(2), 1.0, tenant_id=tenant_id, space_id=None, outcome="denied")
    roll_up_usage()
    assert of_space("acme_s1").points == []
    assert [point.operations for point in of_tenant("globex").points] == [1]


def test_a_space_that_took_a_gone_ones_name_does_not_take_its_past(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(2), 1.0, space_id=UUID(int=7))
    roll_up_usage()
    assert of_space("acme_s1").points == []


def test_a_spaces_series_goes_with_the_space(owner: psycopg.Connection) -> None:
    space = Space.objects.create(
        name="short_lived", tenant=Tenant.objects.get(slug="acme"), embedding_model="x", embedding_dimension=2
    )
    happen(owner, minutes_ago(2), 1.0, space="short_lived")
    roll_up_usage()
    assert [point.operations for point in of_space("short_lived").points] == [1]
    space.delete()
    assert owner.execute("select * from audit_spaceusage where space_id = %s", [space.id]).fetchall() == []


def test_usage_answers_with_the_series(owner: psycopg.Connection, world: World) -> None:
    happen(owner, minutes_ago(5), 10.0, 10.0, 10.0)
    roll_up_usage()
    series = world.client("acme_s1").get("/api/v1/spaces/acme_s1/usage/", {"step": "minute"}).json()["series"]
    (point,) = series["points"]
    assert (series["step"], point["action"], point["outcome"], point["operations"]) == (
        "minute",
        "recall",
        "allowed",
        3,
    )
    assert point["mean_ms"] == 10.0
    assert 8 < point["p50_ms"] < point["p95_ms"] <= 11.4


def test_a_series_begins_where_it_is_asked_to(owner: psycopg.Connection, world: World) -> None:
    happen(owner, minutes_ago(9), 1.0)
    happen(owner, minutes_ago(5), 1.0)
    roll_up_usage()
    asked = {"step": "minute", "after": minutes_ago(7).isoformat()}
    answer = world.client("acme_s1").get("/api/v1/spaces/acme_s1/usage/", asked)
    assert [point["operations"] for point in answer.json()["series"]["points"]] == [1]


@pytest.mark.parametrize("asked", [{"step": "week"}, {"after": "yesterday"}, {"after": "2020-01-01T00:00:00Z"}])
def test_what_is_no_series_is_refused(world: World, asked: dict[str, str]) -> None:
    answer = world.client("acme_s1").get("/api/v1/spaces/acme_s1/usage/", asked)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, next(iter(asked)))


def test_too_long_a_series_says_from_when_it_could_be_had(world: World) -> None:
    with pytest.raises(Invalid, match="'after' is 2020-02-29 12:00; allowed with the step 'hour': 20"):
        usage(scope_of("acme_s1"), Step.HOUR, LONG_AGO)


def test_the_database_shows_a_scope_its_own_series_and_nobody_elses(owner: psycopg.Connection) -> None:
    happen(owner, minutes_ago(2), 1.0)
    happen(owner, minutes_ago(2), 1.0, space="globex_s1", tenant_id=Tenant.objects.get(slug="globex").id)
    roll_up_usage()
    with space_tx(scope_of("acme_s1")):
        assert set(SpaceUsage.objects.values_list("space_id", flat=True)) == {Space.objects.get(name="acme_s1").id}
        assert set(TenantUsage.objects.values_list("tenant_id", flat=True)) == {Tenant.objects.get(slug="acme").id}
    assert (SpaceUsage.objects.count(), TenantUsage.objects.count()) == (0, 0)


def test_the_app_reads_the_series_and_does_not_write_them(world: World) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app, pytest.raises(InsufficientPrivilege):
        app.execute("insert into audit_tenantusage values (uuidv7(), 'day', now(), 'recall', 'allowed', 1, 1, 1)")


def test_the_app_has_no_series_dropped_before_their_time(world: World) -> None:
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as app,
        pytest.raises(InvalidParameterValue, match="at least 1 day"),
    ):
        app.execute("select audit_forget_usage('0', '90 days', '731 days')")


@given(st.lists(st.floats(0.002, 3_000_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_a_quantile_is_within_its_bucket(durations: list[float], share: float) -> None:
    exact = sorted(durations)[max(0, -(-len(durations) * int(share * 100) // 100) - 1)]
    estimate = of(durations).quantile(share)
    assert exact / 2**0.5 <= estimate * 1.000001
    assert estimate <= exact * 2**0.5 * 1.000001


@given(st.lists(st.floats(0.01, 1e6)), st.lists(st.floats(0.01, 1e6)))
def test_durations_add_up(some: list[float], more: list[float]) -> None:
    both, whole = of(some) + of(more), of(some + more)
    assert (both.buckets, both.operations) == (whole.buckets, len(some + more))
    assert both.milliseconds == pytest.approx(whole.milliseconds)


def of(durations: list[float]) -> Durations:
    """As ``audit_duration_bucket`` sorts them."""
    return Durations(Counter(math.ceil(2 * math.log2(each)) for each in durations), sum(durations))


def test_a_pulse_is_the_series_with_all_actions_together(owner: psycopg.Connection) -> None:
    minute = minutes_ago(3)
    happen(owner, minute, 1.0, 30.0)
    happen(owner, minute, 30.0, action="remember")
    happen(owner, minute, 2.0, outcome="limited")
    roll_up_usage()
    pulse = tenant_pulse(Tenant.objects.get(slug="acme").id, Step.MINUTE)
    assert counted(pulse) == [(minute, "", "allowed", 3), (minute, "", "limited", 1)]
    whole = [point.durations for point in of_tenant("acme").points if point.outcome == "allowed"]
    assert pulse.points[0].durations == whole[0] + whole[1]
