"""Tiers: who moves when, what moving does to a memory, and that each still answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import queries
from memory.models import Embedding, Memory
from memory.services import recall as recalling
from memory.services.tiers import plan_tiers, rebalance
from memory.services.work import Busy, take_turn
from tenants.scope import SpaceScope, space_tx
from tests.limits import limit_space
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.memory.test_tallies import counted, tallied
from tests.world import scope_of

SPACE = "acme_plane"
EAST = [1.0, 0.0]


@pytest.fixture(autouse=True)
def small_batches(settings: LazySettings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.ENGRAM_CONFIG = tmp_path_factory.mktemp("config") / "engram.toml"
    settings.ENGRAM_CONFIG.write_text("[tiers]\nbatch = 4\n")


def fill(space: SpaceApi, memories: int) -> list[str]:
    return space.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(memories)])


def age(space: SpaceApi, memory: str, days: float, stability: float = 1.0) -> None:
    """Let a memory have been recalled for the last time so many days ago."""
    space.change_row(memory, last_recalled_at=timezone.now() - timedelta(days=days), stability=stability)


def tiers() -> dict[str, int]:
    """How many memories each tier holds, the same by row, by vector and by tally."""
    assert tallied(SPACE) == counted(SPACE)
    with space_tx(scope_of(SPACE)), connection.cursor() as cursor:
        cursor.execute("select m.tier, count(*), count(e.tier) from memory_memory m "
                       "left join memory_embedding e on e.space_id = m.space_id and e.memory_id = m.id and e.tier = m.tier "
                       "where m.space_id = %s group by 1", [scope_of(SPACE).space_id])  # fmt: skip
        rows = cursor.fetchall()
        assert Embedding.objects.count() == Memory.objects.count()
    assert all(memories == vectors for _, memories, vectors in rows)
    return {tier: memories for tier, memories, _ in rows}


def where(space: SpaceApi, *memories: str) -> list[str]:
    return [space.row(memory).tier for memory in memories]


def test_above_four_fifths_of_hot_the_least_retrievable_go_warm(plane: SpaceApi) -> None:
    ids = fill(plane, 10)
    limit_space(SPACE, hot_capacity_per_space=10)
    age(plane, ids[6], days=5)
    age(plane, ids[3], days=6)
    assert rebalance(scope_of(SPACE)).moved == {("hot", "warm"): 2}
    assert where(plane, ids[6], ids[3]) == ["warm", "warm"]
    assert tiers() == {"hot": 8, "warm": 2}


def test_how_well_a_memory_keeps_counts_and_not_only_how_old_it_is(plane: SpaceApi) -> None:
    old_and_firm, young_and_weak = fill(plane, 2)
    limit_space(SPACE, hot_capacity_per_space=2)
    age(plane, old_and_firm, days=20, stability=100)
    age(plane, young_and_weak, days=2, stability=1)
    rebalance(scope_of(SPACE))
    assert where(plane, old_and_firm, young_and_weak) == ["hot", "warm"]


def test_a_warm_memory_goes_cold_after_seven_idle_days(plane: SpaceApi) -> None:
    idle, lately, hot = fill(plane, 3)
    plane.change_row(idle, tier="warm")
    plane.change_row(lately, tier="warm")
    age(plane, idle, days=7.1)
    age(plane, lately, days=6.9)
    age(plane, hot, days=30)
    assert rebalance(scope_of(SPACE)).moved == {("warm", "cold"): 1}
    assert where(plane, idle, lately, hot) == ["cold", "warm", "hot"]


def test_above_four_fifths_of_warm_the_least_retrievable_go_cold(plane: SpaceApi) -> None:
    fill(plane, 20)
    limit_space(SPACE, hot_capacity_per_space=5, warm_capacity_per_space=10, cold_capacity_per_space=100)
    assert rebalance(scope_of(SPACE)).done
    assert tiers() == {"hot": 4, "warm": 8, "cold": 8}


def test_no_tier_is_given_more_than_it_may_hold(plane: SpaceApi) -> None:
    fill(plane, 20)
    limit_space(SPACE, hot_capacity_per_space=5, warm_capacity_per_space=10, cold_capacity_per_space=5)
    assert rebalance(scope_of(SPACE)).done
    assert tiers() == {"hot": 5, "warm": 10, "cold": 5}


def test_with_room_everywhere_nothing_moves(plane: SpaceApi) -> None:
    fill(plane, 20)
    assert rebalance(scope_of(SPACE)).moved == {}


def test_a_dry_run_says_what_would_move_and_why_and_moves_nothing(plane: SpaceApi) -> None:
    ids = fill(plane, 10)
    limit_space(SPACE, hot_capacity_per_space=10)
    plane.change_row(ids[0], tier="warm")
    age(plane, ids[0], days=8)
    age(plane, ids[1], days=5)
    plan = plan_tiers(scope_of(SPACE))
    assert [(step.source, step.target, step.reason, step.memories) for step in plan.steps] == [
        ("warm", "cold", "idle", 1),
        ("hot", "warm", "full", 1),
    ]
    (first,) = plan.steps[1].first
    assert (str(first.id), round(first.idle_days)) == (ids[1], 5)
    assert tiers() == {"hot": 9, "warm": 1}


def test_what_one_worker_did_not_finish_another_does(plane: SpaceApi) -> None:
    fill(plane, 20)
    limit_space(SPACE, hot_capacity_per_space=5)
    first = rebalance(scope_of(SPACE), seconds=0)
    assert (first.moved, first.done) == ({("hot", "warm"): 4}, False)
    assert rebalance(scope_of(SPACE)).done
    assert tiers() == {"hot": 4, "warm": 16}


def test_one_worker_at_a_time_moves(plane: SpaceApi) -> None:
    fill(plane, 20)
    limit_space(SPACE, hot_capacity_per_space=5)

    def refused() -> bool:
        with pytest.raises(Busy):
            rebalance(scope_of(SPACE))
        return True

    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        assert at_once(refused) == [True]
    assert tiers() == {"hot": 20}


def test_every_tier_answers_by_meaning_and_by_words(plane: SpaceApi) -> None:
    contents = ["A heron at the weir.", "An otter at the weir.", "A happy skier comes down."]
    hot, warm, cold = plane.batch([{"content": content, "embedding": EAST} for content in contents])
    plane.change_row(warm, tier="warm")
    plane.change_row(cold, tier="cold")
    everywhere = ["hot", "warm", "cold"]
    assert set(plane.recalled(embedding=EAST, depth=0, tiers=everywhere)) == {hot, warm, cold}
    by_words = {"seeds": ["lexical"], "depth": 0, "tiers": everywhere}
    assert plane.recalled(query="otters", **by_words) == [warm]
    assert plane.recalled(query="happy", **by_words) == [cold]
    assert plane.recalled(query="skiers coming", **by_words) == [cold]
    assert plane.recalled(memory=cold, seeds=["semantic"], depth=0) == [hot, warm]


def test_cold_answers_unasked_when_the_others_find_nothing_good(plane: SpaceApi) -> None:
    other, cold = plane.batch(
        [{"content": "Of something else.", "embedding": [0.0, 1.0]}, {"content": "Of the east.", "embedding": EAST}]
    )
    plane.change_row(cold, tier="cold")
    assert plane.recalled(embedding=EAST, depth=0) == [cold, other]
    assert plane.recalled(embedding=EAST, depth=0, tiers=["hot", "warm"]) == [other]


def test_where_the_cold_take_too_long_what_was_found_is_answered(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, cold = plane.batch(
        [{"content": "Of something else.", "embedding": [0.0, 1.0]}, {"content": "Of the east.", "embedding": EAST}]
    )
    plane.change_row(cold, tier="cold")
    search = queries.recall

    def slow(scope: SpaceScope, call: queries.RecallCall) -> Any:
        if "cold" in call.tiers:
            with connection.cursor() as cursor:
                cursor.execute("select pg_sleep(30)")
        return search(scope, call)

    monkeypatch.setattr(queries, "recall", slow)
    monkeypatch.setattr(recalling, "COLD_MS", 200)
    assert plane.recalled(embedding=EAST, depth=0) == [other]
    plane.change_row(other, tier="cold")
    plane.client.raise_request_exception = False
    assert plane.post("recall/", {"embedding": EAST, "depth": 0}).status_code == 503


def test_by_meaning_alone_the_cold_come_in_the_cosines_order_among_the_others(plane: SpaceApi) -> None:
    hot = {"content": "Rather like it.", "embedding": [0.26, 0.97]}
    cold = [{"content": f"More like it, {n}.", "embedding": [0.34, 0.94]} for n in range(60)]
    first, *others = plane.batch([hot, *cold])
    with space_tx(scope_of(SPACE)):
        Memory.objects.exclude(id=first).update(tier="cold")
    hits = plane.recall(embedding=EAST, depth=0, limit=61)
    assert [hit["memory"]["id"] for hit in hits] == [*others, first]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


def test_cold_is_left_in_peace_when_the_others_find_something_good(plane: SpaceApi) -> None:
    fill_up = [{"content": f"Other {n}.", "embedding": [0.0, 1.0]} for n in range(60)]
    ids = plane.batch([*fill_up, {"content": "East.", "embedding": EAST}, {"content": "East too.", "embedding": EAST}])
    plane.change_row(ids[61], tier="cold")
    assert ids[60] in plane.recalled(embedding=EAST, depth=0)
    assert ids[61] not in plane.recalled(embedding=EAST, depth=0)


def test_cold_fills_up_what_filters_leave_of_the_others(plane: SpaceApi) -> None:
    fill_up = [{"content": f"Other {n}.", "embedding": [0.0, 1.0]} for n in range(60)]
    of_the_call = [{"content": f"East {n}.", "embedding": EAST, "session": "call"} for n in range(10)]
    ids = plane.batch([*fill_up, *of_the_call])[60:]
    for memory_id in ids[1:]:
        plane.change_row(memory_id, tier="cold")
    assert set(plane.recalled(embedding=EAST, filters={"session": "call"})) == set(ids)
    assert plane.recalled(embedding=EAST, filters={"session": "call"}, limit=1) == ids[:1]
    assert plane.recalled(embedding=EAST, filters={"session": "call"}, tiers=["hot", "warm"]) == ids[:1]


def test_a_cold_memory_keeps_its_content_and_can_be_changed(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    plane.change_row(memory, tier="cold")
    answer = plane.patch(f"memories/{memory}/", {"content": "Looking north.", "embedding": [0.0, 1.0]})
    assert (answer.status_code, answer.json()["tier"]) == (200, "cold")
    (hit,) = plane.recall(embedding=[0.0, 1.0], depth=0, tiers=["cold"])
    assert hit["similarity"] == pytest.approx(1)
    assert plane.recalled(query="north", seeds=["lexical"], depth=0, tiers=["cold"]) == [memory]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(vector=st.lists(st.floats(-1, 1, width=16), min_size=8, max_size=64).filter(lambda v: max(map(abs, v)) > 0.01))
def test_a_vector_comes_back_from_the_cold_as_it_went(django_db_setup: None, django_db_blocker, vector) -> None:  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "select 1 - (engram_decoded(engram_code(v)) <=> v), engram_code(engram_decoded(engram_code(v))) = engram_code(v) "
            "from (select %s::real[]::halfvec as v) given",
            [vector],
        )
        similarity, same_again = cursor.fetchone()
    assert similarity > 0.9999
    assert same_again


def test_going_cold_and_back_leaves_a_memory_as_it_was(plane: SpaceApi) -> None:
    (memory,) = plane.batch([{"content": "Three otters swam.", "embedding": [0.6, 0.8]}])
    before = plane.row(memory)
    plane.change_row(memory, tier="cold")
    assert (plane.row(memory).lexemes, tiers()) == ("", {"cold": 1})
    plane.change_row(memory, tier="warm")
    after = plane.row(memory)
    assert (after.content, after.lexemes, after.stability) == (before.content, before.lexemes, before.stability)
    (hit,) = plane.recall(embedding=[0.6, 0.8], depth=0)
    assert hit["similarity"] == pytest.approx(1, abs=1e-4)
