"""Remembering one memory: ``POST spaces/{space}/memories/``."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from memory.embedders import get_embedder
from memory.models import Embedding, Memory
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import LONG_AGO, SpaceApi, detail, problems
from tests.world import World, scope_of

UNKNOWN = "00000000-0000-7000-8000-000000000000"


def vector_of(space: str, memory_id: str) -> list[float]:
    with space_tx(scope_of(space)):
        vector = Embedding.objects.get(memory_id=memory_id).vector
    assert vector is not None
    return list(vector)


def test_every_field_is_kept_as_it_was_given(acme: SpaceApi) -> None:
    given = {
        "content": "Priya prefers her invoices in Danish kroner.",
        "kind": "preference",
        "confidence": 0.25,
        "session": "call-7",
        "metadata": {"customer": 20574, "tags": ["billing", "æøå"], "nested": {"none": None, "rate": 0.1}},
        "observed_at": "2026-03-01T12:30:00+02:00",
        "expires_at": "2999-12-31T23:59:59Z",
    }
    answer = acme.post("memories/", given)
    assert answer.status_code == 201
    stored = {name: answer.json()[name] for name in given}
    assert stored == {**given, "observed_at": "2026-03-01T10:30:00Z"}
    assert answer.json()["created"] is True
    assert answer.json()["space"] == "acme_s1"


def test_a_memory_of_bare_content_is_a_certain_hot_fact_observed_now(acme: SpaceApi) -> None:
    before = timezone.now()
    memory = acme.post("memories/", {"content": "Ferrules crack below -10 °C."}).json()
    assert memory["observed_at"] == memory["created_at"] == memory["updated_at"]
    assert before.isoformat() < memory["created_at"] < timezone.now().isoformat()
    assert {name: memory[name] for name in ("kind", "confidence", "session", "metadata", "expires_at")} == {
        "kind": "fact",
        "confidence": 1.0,
        "session": None,
        "metadata": {},
        "expires_at": None,
    }
    assert (memory["tier"], memory["recall_count"], memory["last_recalled_at"]) == ("hot", 0, None)


@pytest.mark.parametrize(
    "content",
    [
        "  leading and trailing space  ",
        "tabs\tand\r\nline ends\n",
        "naïve café, Ωμέγα, 記憶, 🧠👩🏽‍🚀",
        "e\u0301 is not \u00e9",
        "zero\u200bwidth, line\u2028separator, right\u202eto left",
        "'); drop table memory_memory; --",
        "100 %s of %(content)s and {braces} and \\ backslashes \\u0000",
        "0",
    ],
)
def test_content_is_kept_to_the_character(acme: SpaceApi, content: str) -> None:
    memory_id = acme.remember(content)
    assert acme.get(f"memories/{memory_id}/").json()["content"] == content


def test_contents_that_differ_in_a_space_are_two_memories(acme: SpaceApi) -> None:
    assert acme.remember("The kettle is on.") != acme.remember("The kettle is on. ")


def test_content_may_fill_its_32_kibibytes(acme: SpaceApi) -> None:
    memory_id = acme.remember("é" * 16_384)
    assert len(acme.get(f"memories/{memory_id}/").json()["content"]) == 16_384


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("required", "content")),
        ({"content": ""}, ("blank", "content")),
        ({"content": " \n\t"}, ("blank", "content")),
        ({"content": None}, ("null", "content")),
        ({"content": 5}, ("invalid", "content")),
        ({"content": ["a"]}, ("invalid", "content")),
        ({"content": "é" * 16_385}, ("too_large", "content")),
        ({"content": "a", "kind": "Fact"}, ("invalid", "kind")),
        ({"content": "a", "kind": "a" * 33}, ("invalid", "kind")),
        ({"content": "a", "confidence": -0.01}, ("min_value", "confidence")),
        ({"content": "a", "confidence": 1.01}, ("max_value", "confidence")),
        ({"content": "a", "confidence": "high"}, ("invalid", "confidence")),
        ({"content": "a", "session": ""}, ("blank", "session")),
        ({"content": "a", "session": "s" * 201}, ("max_length", "session")),
        ({"content": "a", "metadata": [1]}, ("invalid", "metadata")),
        ({"content": "a", "metadata": {"a": "b" * 16_384}}, ("too_large", "metadata")),
        ({"content": "a", "observed_at": "yesterday"}, ("invalid", "observed_at")),
        ({"content": "a", "expires_at": "2020-01-01T00:00:00Z"}, ("invalid", "expires_at")),
        ({"content": "a", "tier": "cold"}, ("unknown_field", "tier")),
        ({"content": "a", "associations": [{"target": "me"}]}, ("invalid", "associations.0.target")),
        ({"content": "a", "associations": [{"target": UNKNOWN, "weight": 0}]}, ("min_value", "associations.0.weight")),
        ({"content": "a", "associations": [{"target": UNKNOWN, "weight": 2}]}, ("max_value", "associations.0.weight")),
        ({"content": "a", "associations": [{"target": UNKNOWN}] * 101}, ("max_length", "associations")),
    ],
)
def test_a_field_that_is_not_valid_is_named(
    acme: SpaceApi, world: World, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = acme.post("memories/", body)
    assert answer.status_code == 400
    assert problems(answer) == [problem]
    assert acme.listed() == [world.memories["acme_s1"]]


def test_the_same_content_again_reinforces_the_memory_that_has_it(acme: SpaceApi) -> None:
    first = acme.remember("Tomasz wears size 44.", kind="fact")
    acme.change_row(first, created_at=LONG_AGO)
    again = acme.post("memories/", {"content": "Tomasz wears size 44.", "kind": "rumour"})
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["created"], again.json()["kind"]) == (first, False, "fact")
    assert again.json()["recall_count"] == 1
    assert again.json()["last_recalled_at"] > again.json()["created_at"]
    # Six years after, hardly anything was left of it, so its stability of a day doubles.
    assert acme.row(first).stability == pytest.approx(2.0)


def test_cramming_hardly_strengthens(acme: SpaceApi) -> None:
    first = acme.remember("Tomasz wears size 44.")
    acme.remember("Tomasz wears size 44.")
    acme.remember("Tomasz wears size 44.")
    assert acme.row(first).recall_count == 2
    assert 1.0 <= acme.row(first).stability < 1.001


def test_the_same_content_in_another_space_is_another_memory(acme: SpaceApi, globex: SpaceApi) -> None:
    assert acme.remember("Room Elm seats 12.") != globex.remember("Room Elm seats 12.")


def test_a_memory_that_has_expired_comes_back_when_remembered_again(acme: SpaceApi) -> None:
    first = acme.remember("The code is 4471.")
    acme.expire(first)
    again = acme.post("memories/", {"content": "The code is 4471.", "expires_at": "2999-01-01T00:00:00Z"})
    assert (again.status_code, again.json()["id"]) == (200, first)
    assert acme.get(f"memories/{first}/").json()["expires_at"] == "2999-01-01T00:00:00Z"


def test_a_memory_follows_the_one_before_it_in_its_session_both_ways(acme: SpaceApi) -> None:
    question = acme.remember("What did Ruth get?", session="call")
    answer = acme.remember("A child carrier.", session="call")
    assert acme.associations(question) == acme.associations(answer)
    assert {(link["source"], link["target"], link["kind"], link["weight"]) for link in acme.associations(answer)} == {
        (question, answer, "temporal", 1.0),
        (answer, question, "temporal", 1.0),
    }


def test_only_neighbours_in_a_session_are_associated(acme: SpaceApi) -> None:
    first, _, third = [acme.remember(content, session="call") for content in ("One.", "Two.", "Three.")]
    assert third not in {link["target"] for link in acme.associations(first)}


def test_sessions_do_not_mix(acme: SpaceApi) -> None:
    acme.remember("Asked in the morning.", session="morning")
    evening = acme.remember("Asked in the evening.", session="evening")
    alone = acme.remember("Asked by nobody.")
    assert acme.associations(evening) == acme.associations(alone) == []


def test_explicit_associations_are_made_with_the_memory(acme: SpaceApi) -> None:
    carrier, pole = acme.remember("The child carrier."), acme.remember("The trekking pole.")
    links = [{"target": carrier, "weight": 0.5}, {"target": pole}]
    both = acme.remember("Ruth bought both.", associations=links)
    assert [(link["source"], link["target"], link["kind"], link["weight"]) for link in acme.associations(both)] == [
        (both, pole, "explicit", 1.0),
        (both, carrier, "explicit", 0.5),
    ]


def test_an_association_with_nothing_is_refused_by_name(acme: SpaceApi, world: World) -> None:
    answer = acme.post("memories/", {"content": "Dangling.", "associations": [{"target": UNKNOWN}]})
    assert answer.status_code == 400
    assert problems(answer) == [("unknown_memory", "associations")]
    assert detail(answer) == f"'associations' names {UNKNOWN}, which is not a memory of 'acme_s1'."
    assert acme.listed() == [world.memories["acme_s1"]]


def test_an_association_with_another_tenants_memory_is_refused_like_one_with_nothing(
    acme: SpaceApi, world: World
) -> None:
    foreign = world.memories["globex_s1"]
    answer = acme.post("memories/", {"content": "Reaching over.", "associations": [{"target": foreign}]})
    assert answer.status_code == 400
    assert detail(answer) == f"'associations' names {foreign}, which is not a memory of 'acme_s1'."


def test_an_association_with_an_expired_memory_is_refused_like_one_with_nothing(acme: SpaceApi) -> None:
    gone = acme.remember("The offer ends today.")
    acme.expire(gone)
    answer = acme.post("memories/", {"content": "Too late.", "associations": [{"target": gone}]})
    assert problems(answer) == [("unknown_memory", "associations")]


def test_the_server_embeds_what_comes_without_a_vector(acme: SpaceApi) -> None:
    memory_id = acme.remember("A light rucksack.")
    (expected,) = get_embedder().embed(["A light rucksack."])
    assert vector_of("acme_s1", memory_id) == pytest.approx(expected, abs=1e-3)


def test_a_clients_vector_is_kept_at_unit_length(plane: SpaceApi) -> None:
    memory_id = plane.remember("Three along, four up.", embedding=[3, 4.0])
    assert vector_of("acme_plane", memory_id) == pytest.approx([0.6, 0.8], abs=1e-3)


def test_a_clients_vector_goes_before_the_servers(acme: SpaceApi) -> None:
    memory_id = acme.remember("A light rucksack.", embedding=[1.0] + [0.0] * 383)
    assert vector_of("acme_s1", memory_id) == pytest.approx(np.eye(384)[0], abs=1e-3)


def test_a_space_of_the_clients_vectors_asks_for_one(plane: SpaceApi) -> None:
    answer = plane.post("memories/", {"content": "No vector."})
    assert answer.status_code == 400
    assert problems(answer) == [("embedding_required", "embedding")]
    assert "'of-the-client' (2 dimensions)" in detail(answer)


@pytest.mark.parametrize(
    ("embedding", "code"),
    [
        ([1.0], "dimension_mismatch"),
        ([1.0, 2.0, 3.0], "dimension_mismatch"),
        ([0.0, 0.0], "invalid_vector"),
        ([], "invalid"),
        (None, "null"),
        ("1, 2", "invalid"),
        (["1", "2"], "invalid"),
        ([True, False], "invalid"),
        ([1.0, None], "invalid"),
        ([[1.0], [2.0]], "invalid"),
        ([10**400, 1], "invalid"),
        ({"0": 1.0, "1": 2.0}, "invalid"),
    ],
)
def test_what_is_not_a_vector_of_the_space_is_refused(plane: SpaceApi, embedding: Any, code: str) -> None:
    answer = plane.post("memories/", {"content": "Bad vector.", "embedding": embedding})
    assert answer.status_code == 400
    assert problems(answer) == [(code, "embedding")]
    assert plane.listed() == []


@pytest.mark.parametrize("numbers", ["[NaN, 1]", "[Infinity, 1]", "[1e400, 1]"])
def test_a_vector_of_what_is_not_a_finite_number_is_refused(plane: SpaceApi, numbers: str) -> None:
    body = f'{{"content": "Bad vector.", "embedding": {numbers}}}'
    answer = plane.client.post("/api/v1/spaces/acme_plane/memories/", body, content_type="application/json")
    assert answer.status_code == 400
    assert plane.listed() == []


def test_a_repeated_request_with_its_key_gets_its_answer_again_and_stores_once(acme: SpaceApi) -> None:
    body = {"content": "Order ORD-20574 shipped.", "session": "orders"}
    first = acme.post("memories/", body, Idempotency_Key="order-20574")
    again = acme.post("memories/", body, Idempotency_Key="order-20574")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert acme.row(first.json()["id"]).recall_count == 0


def test_a_key_used_for_another_request_is_a_conflict(acme: SpaceApi, world: World) -> None:
    first = acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1")
    other = acme.post("memories/", {"content": "Two."}, Idempotency_Key="k-1")
    assert other.status_code == 409
    assert problems(other) == [("idempotency_key_reused", None)]
    assert acme.listed() == [first.json()["id"], world.memories["acme_s1"]]


def test_a_repeated_request_whose_memory_was_forgotten_is_a_conflict_of_its_own(acme: SpaceApi) -> None:
    first = acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1")
    acme.delete(f"memories/{first.json()['id']}/")
    again = acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1")
    assert (again.status_code, problems(again)) == (409, [("forgotten_since", None)])
    assert first.json()["id"] in detail(again)


def test_a_key_whose_request_failed_is_free_again(acme: SpaceApi) -> None:
    bad = {"content": "One.", "associations": [{"target": UNKNOWN}]}
    assert acme.post("memories/", bad, Idempotency_Key="k-1").status_code == 400
    assert acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201


def test_keys_of_two_clients_are_two_keys(acme: SpaceApi, world: World) -> None:
    other = SpaceApi("acme_s1", world.client("acme_s1"))
    assert acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201
    assert other.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 201


def test_keys_of_two_spaces_are_two_keys(acme: SpaceApi, globex: SpaceApi) -> None:
    assert acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201
    assert globex.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 201, "clé"])
def test_a_key_that_is_not_printable_ascii_of_a_sane_length_is_refused(acme: SpaceApi, key: str) -> None:
    answer = acme.post("memories/", {"content": "One."}, Idempotency_Key=key)
    assert answer.status_code == 400
    assert problems(answer) == [("invalid", "Idempotency-Key")]


def test_concurrent_requests_with_one_key_store_once(acme: SpaceApi, world: World) -> None:
    body = {"content": "Sent twice by an impatient client."}
    clients = [SpaceApi("acme_s1", world.client("acme_s1")) for _ in range(4)]
    answers = at_once(*[lambda api=api: api.post("memories/", body, Idempotency_Key="k-1") for api in clients])
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    with space_tx(scope_of("acme_s1")):
        assert Memory.objects.get(content=body["content"]).recall_count == 0


def test_concurrent_requests_of_one_content_store_one_memory(acme: SpaceApi, world: World) -> None:
    clients = [SpaceApi("acme_s1", world.client("acme_s1")) for _ in range(4)]
    answers = at_once(*[lambda api=api: api.post("memories/", {"content": "The same."}) for api in clients])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_what_a_memory_is_associated_with_can_be_forgotten_at_the_same_moment(plane: SpaceApi) -> None:
    statuses = set()
    for n in range(15):
        before = plane.remember(f"Before {n}.", session="call", embedding=[1.0, 0.0])
        after = {"content": f"After {n}.", "session": "call", "embedding": [1.0, 0.0]}
        linked = {**after, "content": f"Linked {n}.", "associations": [{"target": before}]}
        calls: list[Callable[[], Any]] = [
            partial(plane.delete, f"memories/{before}/"),
            partial(plane.post, "memories/", after),
            partial(plane.post, "memories/", linked),
        ]
        forgotten, followed, associated = at_once(*calls)
        statuses |= {(forgotten.status_code, followed.status_code, associated.status_code)}
    assert statuses <= {(204, 201, 201), (204, 201, 400)}


def test_a_key_that_may_only_read_does_not_remember(world: World) -> None:
    reader = SpaceApi("acme_s1", world.client("acme_s1_read"))
    assert reader.post("memories/", {"content": "Not mine to say."}).status_code == 403
    assert reader.listed() == [world.memories["acme_s1"]]
