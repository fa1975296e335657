"""Associations that clients make, see and take back: ``spaces/{space}/memories/{id}/associations/``."""

from typing import Any

import pytest

from tests.memory.space_api import SpaceApi, problems
from tests.world import World

UNKNOWN = "00000000-0000-7000-8000-000000000000"
EAST = [1.0, 0.0]


@pytest.fixture
def three(plane: SpaceApi) -> list[str]:
    """Three memories that have nothing to do with each other."""
    return plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(3)])


def test_an_association_is_explicit_and_goes_one_way(plane: SpaceApi, three: list[str]) -> None:
    one, two, _ = three
    answer = plane.put(f"memories/{one}/associations/{two}/", {"weight": 0.25})
    made = {"source": one, "target": two, "kind": "explicit", "weight": 0.25}
    assert (answer.status_code, answer.json()) == (200, made)
    assert plane.associations(one) == plane.associations(two) == [made]


def test_an_association_weighs_one_unless_it_says_otherwise(plane: SpaceApi, three: list[str]) -> None:
    assert plane.put(f"memories/{three[0]}/associations/{three[1]}/", {}).json()["weight"] == 1.0


def test_a_list_says_whether_there_are_more(plane: SpaceApi, three: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.services.associations.MOST_LISTED", 1)
    path = f"memories/{three[0]}/associations/"
    plane.associate(three[0], three[1], 0.25)
    assert plane.get(path).json()["is_cut"] is False
    plane.associate(three[0], three[2], 0.75)
    cut = plane.get(path).json()
    assert (cut["is_cut"], [link["target"] for link in cut["results"]]) == (True, [three[2]])


def test_associating_again_changes_the_weight(plane: SpaceApi, three: list[str]) -> None:
    plane.associate(three[0], three[1], 0.25)
    plane.associate(three[0], three[1], 0.75)
    assert [link["weight"] for link in plane.associations(three[0])] == [0.75]


def test_the_heaviest_is_listed_first_whichever_way_it_goes(plane: SpaceApi, three: list[str]) -> None:
    one, two, three_ = three
    plane.associate(one, two, 0.25)
    plane.associate(three_, one, 0.5)
    plane.associate(one, three_, 0.75)
    assert [link["weight"] for link in plane.associations(one)] == [0.75, 0.5, 0.25]


def test_two_memories_may_be_associated_in_two_kinds(plane: SpaceApi) -> None:
    one, two = [plane.remember(content, session="call", embedding=EAST) for content in ("One.", "Two.")]
    plane.associate(one, two, 0.5)
    kinds = [(link["source"], link["kind"]) for link in plane.associations(one)]
    assert sorted(kinds) == sorted([(one, "temporal"), (two, "temporal"), (one, "explicit")])


def test_an_association_can_be_taken_back_once(plane: SpaceApi, three: list[str]) -> None:
    plane.associate(three[0], three[1])
    assert plane.delete(f"memories/{three[0]}/associations/{three[1]}/").status_code == 204
    assert plane.associations(three[0]) == []
    assert plane.delete(f"memories/{three[0]}/associations/{three[1]}/").status_code == 404


def test_what_came_about_by_itself_cannot_be_taken_back(plane: SpaceApi) -> None:
    one, two = [plane.remember(content, session="call", embedding=EAST) for content in ("One.", "Two.")]
    assert plane.delete(f"memories/{one}/associations/{two}/").status_code == 404
    assert len(plane.associations(one)) == 2


def test_a_memory_is_not_associated_with_itself(plane: SpaceApi, three: list[str]) -> None:
    answer = plane.put(f"memories/{three[0]}/associations/{three[0]}/", {})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "A memory cannot be associated with itself."


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"weight": 0}, ("min_value", "weight")),
        ({"weight": 1.5}, ("max_value", "weight")),
        ({"weight": "heavy"}, ("invalid", "weight")),
        ({"kind": "temporal"}, ("unknown_field", "kind")),
    ],
)
def test_a_weight_that_is_not_valid_is_refused(
    plane: SpaceApi, three: list[str], body: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = plane.put(f"memories/{three[0]}/associations/{three[1]}/", body)
    assert (answer.status_code, problems(answer)) == (400, [problem])
    assert plane.associations(three[0]) == []


@pytest.mark.parametrize("whose", ["nobody", "globex"])
def test_neither_end_may_be_of_another_space(plane: SpaceApi, world: World, three: list[str], whose: str) -> None:
    other = {"nobody": UNKNOWN, "globex": world.memories["globex_s1"]}[whose]
    for path in (
        f"memories/{three[0]}/associations/{other}/",
        f"memories/{other}/associations/{three[0]}/",
    ):
        assert plane.put(path, {}).status_code == 404
        assert plane.delete(path).status_code == 404
    assert plane.get(f"memories/{other}/associations/").status_code == 404
    assert plane.associations(three[0]) == []
