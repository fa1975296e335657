"""Entity associations: memories that name the same rare thing belong together."""

from functools import partial
from uuid import UUID

import pytest

from memory.entities import LONGEST, MOST_NAMES, names_in
from memory.models import Association, Entity, Unlinked
from memory.records import NewMemory
from memory.services.entities import MOST_CHANGES, MOST_HOLDERS
from memory.services.entities import link_entities as link
from memory.services.memories import forget
from memory.services.remember import remember_batch
from memory.services.work import Busy, take_turn
from tenants.scope import SpaceScope, space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.world import World, scope_of

SPACE = "acme_plane"
EAST = [1.0, 0.0]


def batch(space: SpaceApi, *contents: str) -> list[str]:
    return space.batch([{"content": content, "embedding": EAST} for content in contents])


def worker_of(space: str) -> SpaceScope:
    return SpaceScope.for_task(scope_of(space).space_id)


def link_entities(space: str = SPACE, **options: int) -> None:
    assert link(worker_of(space), **options)


def links(space: str = SPACE) -> dict[tuple[str, str], float]:
    with space_tx(scope_of(space)):
        found = Association.objects.filter(kind="entity")
        return {(str(link.source_id), str(link.target_id)): link.weight for link in found}


def both_ways(one: str, two: str, weight: float) -> dict[tuple[str, str], float]:
    return {(one, two): weight, (two, one): weight}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("We met Ana Lima at the harbour.", ["ana lima"]),
        ("We saw Ana's boat sink near Port of Spain.", ["ana", "port of spain"]),
        ("Yesterday was fine. Nobody came.", []),
        ("Omar: ask about ORD-20574 and the 3.14.2 release", ["omar", "ord-20574", "3.14.2"]),
        ("Lake Vostra (Ellin)\nIt lies in the canton of Ellin.", ["lake vostra", "ellin"]),
        ("Die Brücke von Ödön Horváth steht in Żywiec.", ["die brücke von ödön horváth", "żywiec"]),
        ("I saw Ana. Ana saw me. So did ANA.", ["ana"]),
        ("nothing here is called anything, 12 of 12", []),
        ("", []),
    ],
)
def test_names_are_told_by_how_they_are_written(content: str, names: list[str]) -> None:
    assert names_in(content) == names


def test_a_memory_has_so_many_names_and_none_is_too_long() -> None:
    assert len(names_in(" ".join(f"id{n:03}" for n in range(100)))) == MOST_NAMES
    assert names_in(f"at x{'1' * LONGEST} and x{'1' * (LONGEST - 1)}") == [f"x{'1' * (LONGEST - 1)}"]


def test_memories_that_share_a_name_are_associated_both_ways(plane: SpaceApi) -> None:
    one, two, _ = batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.", "I met Omar Diaz.")
    assert links() == {}
    link_entities()
    assert links() == both_ways(one, two, 1.0)
    assert {(found["kind"], found["weight"]) for found in plane.associations(one)} == {("entity", 1.0)}


def test_recall_reaches_what_names_the_same_thing(plane: SpaceApi) -> None:
    one, two = plane.batch(
        [
            {"content": "The harbour belongs to Ana Lima.", "embedding": EAST},
            {"content": "Her sister, says Ana Lima, is ill.", "embedding": [-1.0, 0.01]},
        ]
    )
    link_entities()
    hits = {hit["memory"]["id"]: hit for hit in plane.recall(embedding=EAST)}
    assert hits[two]["path"] in ([one, two], [two])
    reached = plane.spread(one, depth=1)
    assert [entry["memory"]["id"] for entry in reached["activations"]] == [one, two]
    assert reached["associations"][0]["kind"] == "entity"


def test_the_more_memories_hold_a_name_the_less_it_ties_any_two(plane: SpaceApi) -> None:
    batch(plane, *(f"I met Ana Lima, {n} times." for n in range(5)))
    link_entities()
    assert len(links()) == 20
    assert set(links().values()) == {0.25}


def test_a_common_name_makes_no_hub(plane: SpaceApi) -> None:
    held = [f"I met Ana Lima, {n} times." for n in range(MOST_HOLDERS + 1)]
    batch(plane, *held[:-1])
    link_entities()
    assert len(links()) == MOST_HOLDERS * (MOST_HOLDERS - 1)
    batch(plane, held[-1])
    link_entities()
    assert links() == {}


def test_a_common_name_leaves_what_rare_ones_tie(plane: SpaceApi) -> None:
    batch(plane, *(f"I met Ana Lima, {n} times." for n in range(MOST_HOLDERS)))
    one, two = batch(plane, "We asked Ana Lima about ORD-1.", "They told Ana Lima of ORD-1.")
    link_entities()
    assert links() == both_ways(one, two, 1.0)


def test_names_shared_add_up_to_no_more_than_one(plane: SpaceApi) -> None:
    one, two, three = batch(plane, "So ORD-1, ORD-2 came.", "So ORD-1 and ORD-3 came.", "So ORD-2, ORD-1 came.")
    link_entities()
    # The first two share what three hold, the first and third that and what two hold.
    assert links() == pytest.approx(
        {
            (one, two): 0.25,
            (one, three): 0.75,
            (two, one): 0.5,
            (two, three): 0.5,
            (three, one): 0.75,
            (three, two): 0.25,
        }
    )


def test_small_batches_tie_what_one_large_one_does(plane: SpaceApi) -> None:
    batch(plane, *(f"So it was with ORD-{n % 5} and with ORD-{n % 3}, {n} times." for n in range(30)))
    link_entities(batch=4)
    by_fours = links()
    with space_tx(scope_of(SPACE)):
        Association.objects.all().delete()
        Entity.objects.all().delete()
        Unlinked.objects.bulk_create(
            Unlinked(space_id=scope_of(SPACE).space_id, memory_id=UUID(m)) for m in plane.listed(limit=100)
        )
    link_entities(batch=100)
    assert links() == pytest.approx(by_fours)
    assert by_fours


def test_another_content_ties_by_its_own_names(plane: SpaceApi) -> None:
    _, two, three = batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.", "I met Omar Diaz.")
    link_entities()
    assert plane.patch(f"memories/{two}/", {"content": "We wrote to Omar Diaz.", "embedding": EAST}).status_code == 200
    link_entities()
    assert links() == both_ways(two, three, 1.0)
    assert plane.patch(f"memories/{two}/", {"content": "nothing", "embedding": EAST}).status_code == 200
    link_entities()
    assert links() == {}


def test_forgetting_leaves_nothing_behind(plane: SpaceApi) -> None:
    one, two = batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.")
    link_entities()
    unread = plane.remember("Later Ana Lima left.", embedding=EAST)
    for memory_id in (one, unread):
        assert plane.delete(f"memories/{memory_id}/").status_code == 204
    assert links() == {}
    with space_tx(scope_of(SPACE)):
        assert list(Entity.objects.values_list("name", "memory_id")) == [("ana lima", UUID(two))]
        assert not Unlinked.objects.exists()


def test_what_is_remembered_again_is_not_read_again(plane: SpaceApi) -> None:
    batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.")
    link_entities()
    plane.remember("I met Ana Lima.", embedding=EAST)
    with space_tx(scope_of(SPACE)):
        assert not Unlinked.objects.exists()
    assert len(links()) == 2


def test_what_clients_associate_is_theirs(plane: SpaceApi) -> None:
    one, two = batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.")
    plane.associate(one, two, 0.5)
    link_entities()
    assert {(found["kind"], found["source"]) for found in plane.associations(one)} == {
        ("explicit", one), ("entity", one), ("entity", two),
    }  # fmt: skip


def test_no_name_ties_two_spaces(acme: SpaceApi, globex: SpaceApi) -> None:
    for space in (acme, globex):
        space.remember("I met Ana Lima.")
    for name in ("acme_s1", "globex_s1"):
        link_entities(name)
        assert links(name) == {}
    one, two = acme.listed()[:1][0], acme.remember("We wrote to Ana Lima.")
    link_entities("acme_s1")
    assert links("acme_s1") == both_ways(one, two, 1.0)
    assert links("globex_s1") == {}


def test_workers_take_turns(plane: SpaceApi) -> None:
    batch(plane, "I met Ana Lima.", "We wrote to Ana Lima.")
    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        with pytest.raises(Busy):
            at_once(lambda: link(worker_of(SPACE)))
    link_entities()
    assert len(links()) == 2


def test_a_worker_stops_when_its_turn_is_over(plane: SpaceApi) -> None:
    batch(plane, *(f"I met Ana Lima, {n} times." for n in range(5)))
    assert not link(worker_of(SPACE), batch=2, seconds=0)
    with space_tx(scope_of(SPACE)):
        assert Unlinked.objects.count() == 3
    link_entities()
    assert len(links()) == 20


def test_memories_of_many_names_are_read_a_few_at_a_time(plane: SpaceApi) -> None:
    held = batch(plane, *(" ".join(f"id{n}x{m}" for n in range(MOST_NAMES)) for m in range(10)))
    a_few = MOST_CHANGES // MOST_NAMES
    assert not link(worker_of(SPACE), seconds=0)
    with space_tx(scope_of(SPACE)):
        assert Unlinked.objects.count() == 10 - a_few
    link_entities()
    for n, memory_id in enumerate(held):
        plane.patch(f"memories/{memory_id}/", {"content": f"nothing{' at all' * n}", "embedding": EAST})
    assert not link(worker_of(SPACE), seconds=0)
    with space_tx(scope_of(SPACE)):
        assert Unlinked.objects.count() == 10 - a_few
    link_entities()
    with space_tx(scope_of(SPACE)):
        assert not Unlinked.objects.exists()


def test_forgetting_while_names_are_read_waits_or_is_waited_for(world: World) -> None:
    scope = scope_of("acme_s1")
    stored = remember_batch(scope, [NewMemory(f"I met Ana Lima, {n} times.") for n in range(20)])
    at_once(
        lambda: link(worker_of("acme_s1"), batch=3),
        *(partial(forget, scope, item.id) for item in stored[:5]),
    )
    link_entities("acme_s1")
    left = {str(item.id) for item in stored[5:]}
    assert {memory_id for pair in links("acme_s1") for memory_id in pair} == left
