"""Reinforcement: what is recalled grows firmer, comes back from the cold, and is tied to what came with it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import LazySettings, settings
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memory.models import Association, Memory
from memory.services import reinforcement
from memory.services.expire import expire_memories
from memory.services.reinforcement import apply_recalls, fade_associations, forget_recalls, waiting
from memory.services.tiers import promote
from memory.services.work import Busy, take_turn
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.memory.test_tiers import tiers
from tests.world import scope_of

SPACE = "acme_plane"
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def batch(space: SpaceApi, memories: int) -> list[str]:
    return space.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(memories)])


def apply() -> int:
    return apply_recalls(scope_of(SPACE))


def stream() -> str:
    return f"engram:recalled:{scope_of(SPACE).space_id}"


def recall_at(at: datetime, *memories: str) -> None:
    """As a recall notes it, but at another time."""
    packed = b"".join(UUID(memory).bytes for memory in memories)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.xadd(stream(), {"memories": packed, "together": 0}, id=f"{int(at.timestamp() * 1000)}-*")


def links() -> dict[tuple[str, str], Association]:
    with space_tx(scope_of(SPACE)):
        found = Association.objects.filter(kind="hebbian")
        return {(str(link.source_id), str(link.target_id)): link for link in found}


def test_a_recall_changes_nothing_until_a_worker_comes(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    plane.recall(embedding=EAST)
    assert plane.row(memory).recall_count == 0
    assert waiting([scope_of(SPACE).space_id]) == {scope_of(SPACE).space_id: 1}
    before = timezone.now()
    assert apply() == 1
    after = plane.row(memory)
    assert after.recall_count == 1
    assert after.last_recalled_at is not None
    assert abs(after.last_recalled_at - before) < timedelta(seconds=5)
    assert after.stability >= 1


def test_every_recall_counts_once(plane: SpaceApi) -> None:
    memories = batch(plane, 3)
    for _ in range(7):
        plane.recall(embedding=EAST)
    assert (apply(), apply()) == (7, 0)
    assert [plane.row(memory).recall_count for memory in memories] == [7, 7, 7]
    assert waiting([scope_of(SPACE).space_id]) == {}


def test_more_recalls_than_fit_a_transaction_are_all_applied(plane: SpaceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    (memory,) = batch(plane, 1)
    monkeypatch.setattr(reinforcement, "BATCH", 3)
    for _ in range(8):
        plane.recall(embedding=EAST)
    assert apply() == 8
    assert plane.row(memory).recall_count == 8


def test_a_worker_whose_time_is_up_leaves_the_other_recalls_to_the_next(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    (memory,) = batch(plane, 1)
    monkeypatch.setattr(reinforcement, "BATCH", 3)
    for _ in range(8):
        plane.recall(embedding=EAST)
    assert apply_recalls(scope_of(SPACE), seconds=0) == 3
    assert apply() == 5
    assert plane.row(memory).recall_count == 8


def test_what_is_recalled_while_a_worker_is_at_its_last_batch_waits_for_the_next(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    (memory,) = batch(plane, 1)
    plane.recall(embedding=EAST)

    def promote_while_it_is_recalled(*args: Any) -> Any:
        plane.recall(embedding=EAST)
        return promote(*args)

    monkeypatch.setattr(reinforcement, "promote", promote_while_it_is_recalled)
    assert (apply(), apply()) == (1, 1)
    assert plane.row(memory).recall_count == 2
    assert waiting([scope_of(SPACE).space_id]) == {scope_of(SPACE).space_id: 1}


def test_what_was_applied_and_not_dropped_is_not_applied_again(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    (memory,) = batch(plane, 1)
    plane.recall(embedding=EAST)
    with monkeypatch.context() as killed:
        killed.setattr(reinforcement, "_drop", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            apply()
    assert (apply(), plane.row(memory).recall_count) == (0, 1)


def test_two_workers_apply_each_recall_once(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    for _ in range(20):
        plane.recall(embedding=EAST)

    def try_it() -> int:
        try:
            return apply()
        except Busy:
            return 0

    at_once(*[try_it] * 4)
    apply()
    assert plane.row(memory).recall_count == 20


def test_it_waits_for_its_turn(plane: SpaceApi) -> None:
    batch(plane, 1)
    plane.recall(embedding=EAST)

    def refused() -> bool:
        with pytest.raises(Busy):
            apply()
        return True

    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        assert at_once(refused) == [True]
    assert apply() == 1


def test_a_cold_memory_that_is_recalled_wakes(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    plane.change_row(memory, tier="cold")
    assert plane.recalled(embedding=EAST) == [memory]
    apply()
    assert (plane.row(memory).tier, tiers()) == ("warm", {"warm": 1})


def test_a_warm_memory_recalled_three_times_in_a_day_becomes_hot(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    plane.change_row(memory, tier="warm")
    now = datetime.now(UTC)
    for hours in (49, 26, 3):
        recall_at(now - timedelta(hours=hours), memory)
    apply()
    assert plane.row(memory).tier == "warm"
    recall_at(now - timedelta(hours=2.5), memory)
    recall_at(now - timedelta(hours=2), memory)
    apply()
    assert (plane.row(memory).tier, plane.row(memory).recent_recalls) == ("hot", None)


def test_three_recalls_a_day_count_in_any_day_and_not_by_the_calendar(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    plane.change_row(memory, tier="warm")
    for hours in (30, 10, 9, 8):
        recall_at(datetime.now(UTC) - timedelta(hours=hours), memory)
    apply()
    assert plane.row(memory).tier == "hot"


def test_a_memory_forgotten_since_is_passed_over(plane: SpaceApi) -> None:
    gone, kept = batch(plane, 2)
    plane.recall(embedding=EAST)
    plane.delete(f"memories/{gone}/")
    assert (apply(), plane.row(kept).recall_count, links()) == (1, 1, {})


def test_a_recall_from_the_future_is_taken_as_of_now(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    recall_at(datetime.now(UTC) + timedelta(days=400), memory)
    apply()
    last = plane.row(memory).last_recalled_at
    assert last is not None
    assert last <= timezone.now()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
def test_recalls_count_when_redis_lost_them_and_its_clock_was_put_back(plane: SpaceApi, ahead: timedelta) -> None:
    (memory,) = batch(plane, 1)
    recall_at(datetime.now(UTC) + ahead, memory)
    assert apply() == 1
    forget_recalls(scope_of(SPACE))
    plane.recall(embedding=EAST)
    plane.recall(embedding=EAST)
    assert (apply(), apply()) == (2, 0)
    assert plane.row(memory).recall_count == 3
    assert waiting([scope_of(SPACE).space_id]) == {}


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
def test_what_was_recalled_before_the_databases_clock_was_put_back_rises_and_ages_as_others_do(
    plane: SpaceApi, ahead: timedelta
) -> None:
    (memory,) = batch(plane, 1)
    later = timezone.now() + ahead
    plane.change_row(memory, tier="warm", last_recalled_at=later, recent_recalls=[later, later], created_at=later)
    assert plane.recalled(embedding=EAST) == [memory]
    apply()
    row = plane.row(memory)
    assert row.tier == "hot"
    assert row.last_recalled_at is not None
    assert row.last_recalled_at <= timezone.now()
    assert row.stability == pytest.approx(1)


def test_what_is_recalled_together_is_tied_both_ways_and_more_firmly_each_time(plane: SpaceApi) -> None:
    one, other = batch(plane, 2)
    plane.recall(embedding=EAST)
    apply()
    assert set(links()) == {(one, other), (other, one)}
    assert links()[one, other].weight == pytest.approx(0.1)
    plane.recall(embedding=EAST)
    plane.recall(embedding=EAST)
    apply()
    assert links()[one, other].weight == pytest.approx(1 - 0.9**3, abs=1e-4)
    assert links()[one, other].reinforced == 3


def test_ties_that_are_not_renewed_fade_and_go(plane: SpaceApi) -> None:
    one, other = batch(plane, 2)
    plane.recall(embedding=EAST)
    apply()
    month_ago = timezone.now() - timedelta(days=30)
    with space_tx(scope_of(SPACE)):
        Association.objects.filter(source_id=one).update(weight=0.5, reinforced_at=month_ago)
        Association.objects.filter(source_id=other).update(weight=0.05, reinforced_at=month_ago)
    assert not fade_associations(scope_of(SPACE), batch=1, seconds=0)
    assert fade_associations(scope_of(SPACE), batch=1)
    assert {pair: link.weight for pair, link in links().items()} == {
        (one, other): pytest.approx(0.5 / 2.71828, abs=1e-3)
    }


def test_expired_memories_are_deleted_with_what_hangs_on_them(plane: SpaceApi) -> None:
    memories = batch(plane, 5)
    plane.recall(embedding=EAST)
    apply()
    for memory in memories[:3]:
        plane.expire(memory)
    assert not expire_memories(scope_of(SPACE), batch=2, seconds=0)
    assert tiers() == {"hot": 3}
    assert expire_memories(scope_of(SPACE), batch=2)
    assert tiers() == {"hot": 2}


def test_without_redis_a_recall_answers_and_is_not_noted(plane: SpaceApi, settings: LazySettings) -> None:
    (memory,) = batch(plane, 1)
    reinforcement._redis.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert plane.recalled(embedding=EAST) == [memory]
    finally:
        reinforcement._redis.cache_clear()


def test_a_space_that_is_gone_leaves_nothing_behind(plane: SpaceApi) -> None:
    batch(plane, 1)
    plane.recall(embedding=EAST)
    forget_recalls(scope_of(SPACE))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert not client.exists(stream())


@pytest.fixture(scope="module")
def ask(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[object]:
    """What the database's own functions say."""

    def answer(expression: str, *values: Any) -> float:
        with connection.cursor() as cursor:
            cursor.execute(f"select {expression}", values)
            return float(cursor.fetchone()[0])

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield answer
        connection.close()


DAYS = st.floats(0, 4_000, allow_nan=False)
START = datetime(2026, 1, 1, tzinfo=UTC)
RETRIEVABILITY = "engram_retrievability(%s::real, %s, %s)"
STABILITY = "engram_reinforced_by(%s::real, %s, %s::timestamptz[])"


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stability=st.floats(0.1, 30_000), days=st.tuples(DAYS, DAYS))
def test_time_never_makes_a_memory_stronger(ask, stability, days) -> None:  # type: ignore[no-untyped-def]
    sooner, later = (START + timedelta(days=day) for day in sorted(days))
    assert 1 >= ask(RETRIEVABILITY, stability, START, sooner) >= ask(RETRIEVABILITY, stability, START, later) >= 0


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stability=st.floats(0.1, 1_000), gap=st.floats(0.01, 300), times=st.integers(2, 6))
def test_spaced_recalls_strengthen_more_than_massed_ones(ask, stability, gap, times) -> None:  # type: ignore[no-untyped-def]
    spaced = [START + timedelta(days=gap * n) for n in range(1, times + 1)]
    massed = [START + timedelta(days=gap, seconds=n) for n in range(times)]
    assert ask(STABILITY, stability, START, spaced) >= ask(STABILITY, stability, START, massed) >= stability * 0.999


def test_a_memorys_state_is_its_recalls_in_their_order(plane: SpaceApi) -> None:
    (memory,) = batch(plane, 1)
    before: Memory = plane.row(memory)
    recall_at(datetime.now(UTC), memory)
    recall_at(datetime.now(UTC), memory)
    apply()
    after = plane.row(memory)
    assert (after.recall_count, after.tier) == (2, "hot")
    assert after.stability < before.stability * 1.01
