"""Spreading activation from chosen memories: ``POST spaces/{space}/spread/``."""

from itertools import pairwise
from math import sqrt
from typing import Any

import pytest

from memory.services.recall import Spreading
from memory.services.spread import spread
from tests.memory.space_api import SpaceApi, problems
from tests.world import World, scope_of

UNKNOWN = "00000000-0000-7000-8000-000000000000"
EAST = [1.0, 0.0]


def memories(space: SpaceApi, count: int, **fields: Any) -> list[str]:
    return space.batch([{"content": f"Memory {n}.", "embedding": EAST, **fields} for n in range(count)])


@pytest.fixture
def chain(plane: SpaceApi) -> list[str]:
    """Five memories, each associated with the next alone."""
    ids = memories(plane, 5)
    for source, target in pairwise(ids):
        plane.associate(source, target)
    return ids


def activations(result: Any) -> dict[str, float]:
    return {reached["memory"]["id"]: reached["activation"] for reached in result["activations"]}


def test_activation_fades_at_each_hop(plane: SpaceApi, chain: list[str]) -> None:
    result = plane.spread(chain[0], depth=3)
    assert activations(result) == pytest.approx(dict(zip(chain, [1, 0.8, 0.64, 0.512], strict=False)))
    assert [reached["depth"] for reached in result["activations"]] == [0, 1, 2, 3]


def test_each_memory_says_the_path_it_was_reached_by(plane: SpaceApi, chain: list[str]) -> None:
    paths = [reached["path"] for reached in plane.spread(chain[0], depth=2)["activations"]]
    assert paths == [chain[:1], chain[:2], chain[:3]]


def test_two_hops_are_taken_unless_said_otherwise(plane: SpaceApi, chain: list[str]) -> None:
    assert list(activations(plane.spread(chain[0]))) == chain[:3]


def test_activation_does_not_flow_against_an_association(plane: SpaceApi, chain: list[str]) -> None:
    assert list(activations(plane.spread(chain[4]))) == [chain[4]]


def test_decay_is_the_share_that_a_hop_keeps(plane: SpaceApi, chain: list[str]) -> None:
    assert activations(plane.spread(chain[0], depth=2, decay=0.5)) == pytest.approx(
        dict(zip(chain, [1, 0.5, 0.25], strict=False))
    )


def test_weight_is_the_share_that_an_association_carries(plane: SpaceApi) -> None:
    source, target = memories(plane, 2)
    plane.associate(source, target, 0.25)
    assert activations(plane.spread(source, depth=1)) == pytest.approx({source: 1, target: 0.25 * 0.8})


def test_associations_share_what_a_memory_passes_on(plane: SpaceApi) -> None:
    source, *targets = memories(plane, 5)
    for target in targets:
        plane.associate(source, target)
    assert activations(plane.spread(source, depth=1)) == pytest.approx(
        {source: 1.0} | dict.fromkeys(targets, 0.8 / sqrt(4))
    )


def test_what_arrives_by_several_ways_adds_up(plane: SpaceApi) -> None:
    left, right, target = memories(plane, 3)
    plane.associate(left, target, 0.5)
    plane.associate(right, target, 0.25)
    result = plane.spread(left, right, depth=1)
    assert activations(result)[target] == pytest.approx(0.5 * 0.8 + 0.25 * 0.8)
    assert result["activations"][-1]["path"] == [left, target]


def test_below_the_threshold_nothing_is_passed_on(plane: SpaceApi, chain: list[str]) -> None:
    assert list(activations(plane.spread(chain[0], depth=4, decay=0.5, threshold=0.25))) == chain[:3]
    assert list(activations(plane.spread(chain[0], depth=4, decay=0.5, threshold=0.26))) == chain[:2]


def test_at_no_depth_only_the_sources_are_active(plane: SpaceApi, chain: list[str]) -> None:
    result = plane.spread(chain[0], chain[2], depth=0)
    assert activations(result) == {chain[0]: 1.0, chain[2]: 1.0}
    assert result["associations"] == []


def test_a_source_named_twice_is_one_source(plane: SpaceApi, chain: list[str]) -> None:
    assert plane.spread(chain[0], chain[0], depth=1) == plane.spread(chain[0], depth=1)


def test_a_circle_ends(plane: SpaceApi) -> None:
    ids = memories(plane, 3)
    for source, target in zip(ids, ids[1:] + ids[:1], strict=True):
        plane.associate(source, target)
    assert activations(plane.spread(ids[0], depth=5, decay=1)) == pytest.approx(dict.fromkeys(ids, 1.0))


def test_the_associations_that_activation_took_a_hop_further_are_shown(plane: SpaceApi, chain: list[str]) -> None:
    plane.associate(chain[2], chain[0], 0.5)
    shown = plane.spread(chain[0], depth=2)["associations"]
    assert {(link["source"], link["target"], link["kind"], link["weight"]) for link in shown} == {
        (chain[0], chain[1], "explicit", 1.0),
        (chain[1], chain[2], "explicit", 1.0),
    }


def test_the_heaviest_associations_are_taken_where_there_are_too_many(plane: SpaceApi) -> None:
    source, *targets = memories(plane, 6)
    for nth, target in enumerate(targets, start=1):
        plane.associate(source, target, nth / 10)
    result = spread(scope_of("acme_plane"), [plane.row(source).id], 1, Spreading(fan_out=2, threshold=0))
    assert {str(reached.id) for reached in result.activations} == {source, *targets[-2:]}


def test_a_hop_goes_on_from_the_most_active_where_there_are_too_many(plane: SpaceApi) -> None:
    source, strong, weak, after_strong, after_weak = memories(plane, 5)
    for link in ((source, strong, 0.9), (source, weak, 0.8), (strong, after_strong, 1), (weak, after_weak, 1)):
        plane.associate(*link)
    result = spread(scope_of("acme_plane"), [plane.row(source).id], 2, Spreading(frontier=1, threshold=0))
    assert {str(reached.id) for reached in result.activations} == {source, strong, weak, after_strong}


def test_activation_passes_the_cold(plane: SpaceApi, chain: list[str]) -> None:
    plane.change_row(chain[1], tier="cold")
    reached = plane.spread(chain[0])["activations"]
    assert [(entry["memory"]["id"], entry["memory"]["tier"]) for entry in reached[:2]] == [
        (chain[0], "hot"),
        (chain[1], "cold"),
    ]


def test_a_memory_reached_is_shown_with_what_tells_it_apart(plane: SpaceApi) -> None:
    memory_id = plane.remember("A carrier.", kind="product", session="call", embedding=EAST)
    assert plane.spread(memory_id)["activations"][0]["memory"] == {
        "id": memory_id,
        "content": "A carrier.",
        "kind": "product",
        "session": "call",
        "tier": "hot",
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("required", "from")),
        ({"from": []}, ("empty", "from")),
        ({"from": UNKNOWN}, ("not_a_list", "from")),
        ({"from": ["first"]}, ("invalid", "from.0")),
        ({"from": [UNKNOWN] * 101}, ("max_length", "from")),
        ({"from": [UNKNOWN], "depth": -1}, ("min_value", "depth")),
        ({"from": [UNKNOWN], "depth": 6}, ("depth_exceeded", "depth")),
        ({"from": [UNKNOWN], "decay": 1.1}, ("max_value", "decay")),
        ({"from": [UNKNOWN], "decay": 0}, ("min_value", "decay")),
        ({"from": [UNKNOWN], "threshold": 1.1}, ("max_value", "threshold")),
        ({"from": [UNKNOWN], "limit": 5}, ("unknown_field", "limit")),
    ],
)
def test_what_is_wrong_with_the_request_is_named(
    plane: SpaceApi, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = plane.post("spread/", body)
    assert (answer.status_code, problems(answer)) == (400, [problem])


def test_the_faintest_trickle_breaks_nothing(plane: SpaceApi, chain: list[str]) -> None:
    for source, target in pairwise(chain):
        plane.associate(source, target, 0.000001)
    reached = activations(plane.spread(chain[0], depth=4, decay=0.001, threshold=0))
    assert list(reached) == chain
    assert reached[chain[4]] == pytest.approx(1e-36)


@pytest.mark.parametrize("whose", ["nobody", "globex"])
def test_a_source_of_another_space_is_not_found(plane: SpaceApi, world: World, whose: str) -> None:
    memory_id = {"nobody": UNKNOWN, "globex": world.memories["globex_s1"]}[whose]
    own = plane.remember("Mine.", embedding=EAST)
    answer = plane.post("spread/", {"from": [own, memory_id]})
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["detail"] == f"There is no memory {memory_id} in this space."
