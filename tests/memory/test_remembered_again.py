"""What is remembered again: it is found in whatever tier it is, and comes up from there as what is recalled does."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from memory.models import Memory
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.memory.test_tiers import fill, tiers
from tests.world import scope_of

SPACE = "acme_plane"
EAST = [1.0, 0.0]


def again(space: SpaceApi, content: str = "Memory 0.") -> str:
    answer = space.post("memories/", {"content": content, "embedding": EAST})
    assert (answer.status_code, answer.json()["created"]) == (200, False)
    return str(answer.json()["id"])


def test_a_cold_memory_is_found_again_and_wakes(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    plane.change_row(memory, tier="cold")
    assert again(plane) == memory
    assert tiers() == {"warm": 1}
    row = plane.row(memory)
    assert (row.tier, row.recall_count, row.lexemes) == ("warm", 1, "'0':2 'memori':1")
    assert plane.recalled(embedding=EAST, depth=0, tiers=["warm"]) == [memory]


def test_a_warm_memory_remembered_three_times_in_a_day_becomes_hot(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    plane.change_row(memory, tier="warm")
    again(plane)
    again(plane)
    assert plane.row(memory).tier == "warm"
    again(plane)
    assert (plane.row(memory).tier, plane.row(memory).recent_recalls) == ("hot", None)
    assert tiers() == {"hot": 1}


def test_a_warm_memory_remembered_now_and_then_stays_warm(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    days_ago = [timezone.now() - timedelta(days=days) for days in (5, 3)]
    plane.change_row(memory, tier="warm", recent_recalls=days_ago)
    again(plane)
    assert plane.row(memory).tier == "warm"
    assert len(plane.row(memory).recent_recalls or []) == 3


def test_recalls_and_remembering_count_together(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    hour_ago = timezone.now() - timedelta(hours=1)
    plane.change_row(memory, tier="warm", recent_recalls=[hour_ago, hour_ago])
    again(plane)
    assert plane.row(memory).tier == "hot"


def test_a_batch_wakes_in_bounded_transactions(
    plane: SpaceApi, settings: LazySettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.ENGRAM_CONFIG = tmp_path_factory.mktemp("config") / "engram.toml"
    settings.ENGRAM_CONFIG.write_text("[tiers]\nbatch = 4\n")
    ids = fill(plane, 10)
    with space_tx(scope_of(SPACE)):
        Memory.objects.update(tier="cold")
    assert fill(plane, 12)[:10] == ids
    assert tiers() == {"hot": 2, "warm": 10}


def test_many_who_remember_the_same_cold_memories_at_once_wake_each_once(plane: SpaceApi) -> None:
    fill(plane, 50)
    with space_tx(scope_of(SPACE)):
        Memory.objects.update(tier="cold")
    at_once(*[lambda: fill(plane, 60)] * 4)
    held = tiers()
    assert held.keys() <= {"hot", "warm"}
    assert sum(held.values()) == 60
    with space_tx(scope_of(SPACE)):
        assert sum(Memory.objects.values_list("recall_count", flat=True)) == 4 * 60 - 10


def test_what_an_expired_cold_memory_said_is_remembered_anew(plane: SpaceApi) -> None:
    (memory,) = fill(plane, 1)
    plane.change_row(memory, tier="cold")
    plane.expire(memory)
    assert again(plane) == memory
    assert (plane.row(memory).tier, plane.row(memory).expires_at) == ("warm", None)
