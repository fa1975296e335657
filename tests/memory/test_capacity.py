"""Capacity: what a space may hold in all its tiers, refused to the memory."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from django.db import connection

from memory.records import NewMemory
from memory.services.remember import remember
from tenants.scope import space_tx
from tests.limits import limit_space, refusals
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, detail, problems
from tests.memory.test_tallies import counted, tallied
from tests.tenants.test_refresh import wait_for_somebody_who_waits
from tests.world import scope_of

EAST = [1.0, 0.0]


def contents(memories: int, name: str = "Memory") -> list[dict[str, object]]:
    return [{"content": f"{name} {n}.", "embedding": EAST} for n in range(memories)]


def allow(memories: int, **own: int) -> None:
    """Let ``acme_plane`` hold so many memories in all, most of them cold."""
    cold = memories - 2
    limit_space("acme_plane", hot_capacity_per_space=1, warm_capacity_per_space=1, cold_capacity_per_space=cold, **own)


def remembered(space: SpaceApi, content: str) -> int:
    """The status of remembering a content."""
    return int(space.post("memories/", {"content": content, "embedding": EAST}).status_code)


def remembered_all(space: SpaceApi, batch: list[dict[str, object]]) -> int:
    return int(space.post("memories/batch/", {"memories": batch}).status_code)


def held(space: SpaceApi) -> int:
    """How many memories a space holds, by its tally, which is what counting gives."""
    assert tallied(space.space) == counted(space.space)
    return sum(memories for memories, _ in tallied(space.space).values())


def test_the_last_memory_fits_and_the_next_is_refused(plane: SpaceApi) -> None:
    allow(4)
    assert [remembered(plane, content) for content in ("One.", "Two.", "Three.", "Four.")] == [201] * 4
    answer = plane.post("memories/", {"content": "Five.", "embedding": EAST})
    assert (answer.status_code, problems(answer)) == (507, [("capacity_exceeded", None)])
    assert detail(answer) == (
        "The space 'acme_plane' may hold 4 memories in all its tiers; this would be more. Nothing was stored."
    )
    assert held(plane) == len(plane.listed()) == 4


def test_a_refusal_for_want_of_room_is_in_the_audit_trail(plane: SpaceApi) -> None:
    allow(3)
    plane.batch(contents(3))
    remembered(plane, "One too many.")
    assert refusals("acme") == [("remember", "acme_plane", "limited", "507 capacity_exceeded")]


def test_no_tier_of_its_own_refuses_anything(plane: SpaceApi) -> None:
    allow(10)
    plane.batch(contents(10))
    assert {tier: memories for tier, (memories, _) in tallied("acme_plane").items()} == {"hot": 10}


def test_a_batch_that_does_not_fit_whole_is_refused_whole(plane: SpaceApi) -> None:
    allow(5)
    assert remembered_all(plane, contents(6)) == 507
    assert held(plane) == 0
    assert remembered_all(plane, contents(5)) == 201
    assert held(plane) == 5


def test_only_what_is_new_in_a_batch_takes_room(plane: SpaceApi) -> None:
    allow(5)
    plane.batch(contents(4))
    assert remembered_all(plane, [*contents(5), *contents(5)]) == 201
    assert remembered_all(plane, contents(6)) == 507
    assert held(plane) == 5


def test_a_full_space_still_reinforces_what_it_holds(plane: SpaceApi) -> None:
    allow(3)
    ids = plane.batch(contents(3))
    assert remembered(plane, "Memory 0.") == 200
    assert remembered_all(plane, contents(3)) == 201
    assert plane.row(ids[0]).recall_count == 2


def test_a_space_whose_capacity_was_lowered_below_what_it_holds_still_reinforces(plane: SpaceApi) -> None:
    plane.batch(contents(6))
    allow(4)
    assert (remembered(plane, "Memory 0."), remembered_all(plane, contents(6))) == (200, 201)
    assert (remembered(plane, "New."), held(plane)) == (507, 6)


def test_what_is_forgotten_makes_room(plane: SpaceApi) -> None:
    allow(3)
    ids = plane.batch(contents(3))
    assert remembered(plane, "Four.") == 507
    plane.delete(f"memories/{ids[0]}/")
    assert (remembered(plane, "Four."), remembered(plane, "Five.")) == (201, 507)


def test_a_memory_that_moves_takes_no_more_room_and_gives_none(plane: SpaceApi) -> None:
    allow(3)
    ids = plane.batch(contents(3))
    plane.change_row(ids[0], tier="cold")
    assert remembered(plane, "Four.") == 507


def test_new_content_for_a_memory_of_a_full_space_is_let_in(plane: SpaceApi) -> None:
    allow(3)
    ids = plane.batch(contents(3))
    assert plane.patch(f"memories/{ids[0]}/", {"content": "Changed.", "embedding": EAST}).status_code == 200


def test_a_key_whose_request_found_no_room_is_free_to_try_again(plane: SpaceApi) -> None:
    allow(3)
    ids = plane.batch(contents(3))
    body = {"content": "Four.", "embedding": EAST}
    assert plane.post("memories/", body, Idempotency_Key="k-1").status_code == 507
    plane.delete(f"memories/{ids[0]}/")
    assert plane.post("memories/", body, Idempotency_Key="k-1").status_code == 201


def test_one_spaces_fullness_is_not_anothers(plane: SpaceApi, acme: SpaceApi) -> None:
    allow(3)
    plane.batch(contents(3))
    assert remembered(plane, "Four.") == 507
    acme.remember("There is room here.")


@pytest.mark.parametrize("room", [1, 5, 13])
def test_of_writers_racing_for_the_last_places_as_many_win_as_there_are_places(plane: SpaceApi, room: int) -> None:
    allow(20 + room, rate_limit_per_space=1_000)
    plane.batch(contents(20))

    def write(writer: int) -> list[int]:
        return [remembered(plane, f"Writer {writer}, {n}.") for n in range(4)]

    statuses = at_once(*[lambda writer=writer: write(writer) for writer in range(8)])
    assert Counter(chain(*statuses)) == {201: room, 507: 32 - room}
    assert held(plane) == 20 + room


def test_batches_racing_for_the_last_places_leave_none_that_one_would_have_fitted(plane: SpaceApi) -> None:
    allow(30, rate_limit_per_space=1_000)
    statuses = at_once(*[lambda w=w: remembered_all(plane, contents(7, f"Writer {w}")) for w in range(8)])
    assert Counter(statuses) == {201: 4, 507: 4}
    assert held(plane) == 28


def test_a_writer_that_dawdles_over_its_commit_is_counted_by_those_who_fill_the_space(plane: SpaceApi) -> None:
    # Two may write at once, a thousand memories each: further from the brim than that, writers do not wait for each other.
    allow(2_050, max_concurrent_per_space=2, rate_limit_per_space=1_000)
    scope = scope_of("acme_plane")

    def fill() -> list[int]:
        statuses = [remembered_all(plane, contents(1_000, f"Batch {n}")) for n in range(2)]
        statuses += [remembered_all(plane, contents(50, "The rest"))]
        connection.close()
        return statuses

    with ThreadPoolExecutor(1) as pool:
        with space_tx(scope):
            remember(scope, NewMemory("Not committed yet.", embedding=EAST))
            filling = pool.submit(fill)
            wait_for_somebody_who_waits()
            assert not filling.done()
        assert filling.result(timeout=120) == [201, 201, 507]
    assert held(plane) == 2_001
