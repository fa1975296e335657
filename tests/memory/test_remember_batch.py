"""Remembering many at once: ``POST spaces/{space}/memories/batch/``."""

from typing import Any

import pytest

from memory.models import Memory
from tenants.models import Space
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, problems
from tests.world import World, scope_of

UNKNOWN = "00000000-0000-7000-8000-000000000000"
EAST = [1.0, 0.0]


def test_the_answer_is_in_the_order_of_the_request(acme: SpaceApi) -> None:
    contents = ["Zebra.", "Apple.", "Mango.", "Cherry."]
    answer = acme.post("memories/batch/", {"memories": [{"content": content} for content in contents]})
    assert answer.status_code == 201
    ids = [item["id"] for item in answer.json()["results"]]
    assert [acme.get(f"memories/{memory_id}/").json()["content"] for memory_id in ids] == contents
    assert [item["created"] for item in answer.json()["results"]] == [True] * 4


def test_a_batch_is_as_large_as_the_installation_allows_and_not_as_a_form(acme: SpaceApi) -> None:
    contents = [f"Chapter {number}. {'Word. ' * 5_000}" for number in range(120)]
    ids = acme.batch([{"content": content, "embedding": [1.0] + [0.0] * 383} for content in contents])
    assert len(set(ids)) == 120


def test_ids_grow_in_the_order_of_the_request(acme: SpaceApi) -> None:
    ids = acme.batch([{"content": f"Step {step} of the recipe."} for step in range(20)])
    assert ids == sorted(ids)


def test_what_the_space_has_already_is_reinforced(acme: SpaceApi) -> None:
    known = acme.remember("Known.")
    answer = acme.post("memories/batch/", {"memories": [{"content": "Known."}, {"content": "New."}]})
    assert [item["created"] for item in answer.json()["results"]] == [False, True]
    assert answer.json()["results"][0]["id"] == known
    assert acme.row(known).recall_count == 1


def test_one_content_twice_in_a_batch_is_one_new_memory(acme: SpaceApi) -> None:
    batch = [{"content": "Twice."}, {"content": "Once."}, {"content": "Twice."}]
    first, _, second = acme.post("memories/batch/", {"memories": batch}).json()["results"]
    assert first["id"] == second["id"]
    assert (first["created"], second["created"]) == (True, False)


def test_sessions_are_chained_in_the_order_of_the_request(acme: SpaceApi) -> None:
    before = acme.remember("Asked yesterday.", session="call")
    first, other, second = acme.batch(
        [
            {"content": "Asked first.", "session": "call"},
            {"content": "Elsewhere.", "session": "chat"},
            {"content": "Asked second.", "session": "call"},
        ]
    )
    pairs = {(link["source"], link["target"]) for link in acme.associations(first)}
    assert pairs == {(before, first), (first, before), (first, second), (second, first)}
    assert acme.associations(other) == []


def test_a_batch_carries_explicit_associations(acme: SpaceApi, world: World) -> None:
    target = world.memories["acme_s1"]
    made = acme.batch([{"content": f"Note {n}.", "associations": [{"target": target}]} for n in range(3)])
    assert {link["source"] for link in acme.associations(target)} == set(made)


def test_every_bad_memory_is_named_and_none_is_stored(acme: SpaceApi, world: World) -> None:
    batch: list[dict[str, Any]] = [
        {"content": "Good."},
        {"content": ""},
        {"content": "Good too.", "kind": "Bad kind"},
        {"content": "Good again.", "confidence": 2, "surprise": 1},
    ]
    answer = acme.post("memories/batch/", {"memories": batch})
    assert answer.status_code == 400
    assert set(problems(answer)) == {
        ("blank", "memories.1.content"),
        ("invalid", "memories.2.kind"),
        ("max_value", "memories.3.confidence"),
        ("unknown_field", "memories.3.surprise"),
    }
    assert acme.listed() == [world.memories["acme_s1"]]


def test_every_bad_vector_is_named_and_nothing_is_stored(plane: SpaceApi) -> None:
    vectors = [EAST, [1.0], EAST, [0.0, 0.0]]
    batch = [{"content": f"Memory {n}.", "embedding": vector} for n, vector in enumerate(vectors)]
    answer = plane.post("memories/batch/", {"memories": batch})
    assert answer.status_code == 400
    assert problems(answer) == [
        ("dimension_mismatch", "memories.1.embedding"),
        ("invalid_vector", "memories.3.embedding"),
    ]
    assert plane.listed() == []


def test_every_association_with_nothing_is_named_and_nothing_is_stored(acme: SpaceApi, world: World) -> None:
    real, foreign = world.memories["acme_s1"], world.memories["globex_s1"]
    batch = [{"content": f"To {n}.", "associations": [{"target": n}]} for n in (real, UNKNOWN, foreign)]
    answer = acme.post("memories/batch/", {"memories": batch})
    assert answer.status_code == 400
    assert problems(answer) == [
        ("unknown_memory", "memories.1.associations"),
        ("unknown_memory", "memories.2.associations"),
    ]
    assert acme.listed() == [real]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("required", "memories")),
        ({"memories": []}, ("empty", "memories")),
        ({"memories": {}}, ("not_a_list", "memories")),
        ({"memories": ["text"]}, ("invalid", "memories.0")),
        ({"memories": [{"content": "a"}], "atomic": False}, ("unknown_field", "atomic")),
    ],
)
def test_what_is_not_a_batch_is_refused(acme: SpaceApi, body: Any, problem: tuple[str, str]) -> None:
    answer = acme.post("memories/batch/", body)
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_a_thousand_memories_are_a_batch_and_one_more_is_not(plane: SpaceApi) -> None:
    Space.objects.filter(name=plane.space).update(limits={"rate_limit_per_space": 1_000})
    batch = [{"content": f"Memory {n}.", "embedding": EAST} for n in range(1_001)]
    refused = plane.post("memories/batch/", {"memories": batch})
    assert (refused.status_code, problems(refused)) == (400, [("too_large", "memories")])
    assert len(set(plane.batch(batch[:1_000]))) == 1_000


def test_a_repeated_batch_with_its_key_is_stored_once(acme: SpaceApi) -> None:
    batch = {"memories": [{"content": "One."}, {"content": "Two."}]}
    first = acme.post("memories/batch/", batch, Idempotency_Key="b-1")
    again = acme.post("memories/batch/", batch, Idempotency_Key="b-1")
    assert first.json() == again.json()
    assert [acme.row(item["id"]).recall_count for item in first.json()["results"]] == [0, 0]


def test_one_key_for_a_memory_and_a_batch_is_a_conflict(acme: SpaceApi) -> None:
    assert acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201
    batch = {"memories": [{"content": "One."}]}
    assert acme.post("memories/batch/", batch, Idempotency_Key="k-1").status_code == 409


def test_concurrent_batches_that_overlap_do_not_wait_for_each_other_in_a_circle(world: World, plane: SpaceApi) -> None:
    batch = [{"content": f"Memory {n}.", "session": f"s-{n % 3}", "embedding": EAST} for n in range(60)]
    turned = [batch, batch[::-1], batch[30:] + batch[:30], batch[::2] + batch[1::2]]
    found = at_once(*[lambda memories=memories: plane.batch(memories) for memories in turned])
    assert len({memory_id for ids in found for memory_id in ids}) == 60
    with space_tx(scope_of("acme_plane")):
        assert sum(Memory.objects.values_list("recall_count", flat=True)) == 180
