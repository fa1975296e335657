"""Listing, reading, changing and forgetting memories."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from memory.models import Association, Embedding, Tier
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, problems
from tests.world import World, scope_of

UNKNOWN = "00000000-0000-7000-8000-000000000000"
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def next_parameters(page: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page["next"]).query))


def test_the_newest_memory_is_listed_first(plane: SpaceApi) -> None:
    ids = [plane.remember(f"Memory {n}.", embedding=EAST) for n in range(3)]
    assert plane.listed() == ids[::-1]


def test_a_list_shows_what_reading_shows(acme: SpaceApi) -> None:
    memory_id = acme.remember("Ruth hikes.", kind="person", metadata={"a": [1]})
    assert acme.get("memories/").json()["results"][0] == acme.get(f"memories/{memory_id}/").json()


def test_a_list_of_an_empty_space_is_empty(plane: SpaceApi) -> None:
    assert plane.get("memories/").json() == {"next": None, "results": []}


def test_a_list_is_filtered_by_kind_and_session(plane: SpaceApi) -> None:
    fact = plane.remember("A fact.", kind="fact", session="call", embedding=EAST)
    plane.remember("An opinion.", kind="opinion", session="call", embedding=EAST)
    other = plane.remember("Another fact.", kind="fact", session="chat", embedding=EAST)
    assert plane.listed(kind="fact") == [other, fact]
    assert plane.listed(kind="fact", session="call") == [fact]
    assert plane.listed(kind="rumour") == []


def test_a_list_is_filtered_by_tier(plane: SpaceApi) -> None:
    hot, warm, cold = [plane.remember(f"Memory {n}.", embedding=EAST) for n in range(3)]
    plane.change_row(warm, tier=Tier.WARM)
    plane.change_row(cold, tier=Tier.COLD)
    assert [plane.listed(tier=tier) for tier in ("hot", "warm", "cold")] == [[hot], [warm], [cold]]


def test_a_list_is_bounded_in_time_and_the_bounds_are_left_out(plane: SpaceApi) -> None:
    ids = [plane.remember(f"Memory {n}.", embedding=EAST) for n in range(4)]
    for hours, memory_id in enumerate(ids):
        plane.change_row(memory_id, created_at=NOON + timedelta(hours=hours))
    assert plane.listed(created_after="2026-06-01T12:00:00Z", created_before="2026-06-01T17:00:00+02:00") == [
        ids[2],
        ids[1],
    ]


def test_pages_visit_each_memory_once_while_new_ones_arrive(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(10)])
    first = plane.get("memories/", limit=4).json()
    plane.remember("Arrived meanwhile.", embedding=EAST)
    second = plane.get("memories/", **next_parameters(first)).json()
    plane.remember("And another.", embedding=EAST)
    third = plane.get("memories/", **next_parameters(second)).json()
    pages = [[memory["id"] for memory in page["results"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [4, 4, 2]
    # A batch is one moment, so that within it only the ids tell which memory is newer.
    assert [*pages[0], *pages[1], *pages[2]] == ids[::-1]
    assert third["next"] is None


def test_a_page_that_is_just_full_is_the_last(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(4)])
    assert plane.get("memories/", limit=4).json()["next"] is None


def test_the_next_page_keeps_the_filters(plane: SpaceApi) -> None:
    kinds = ["fact", "opinion"] * 3
    plane.batch([{"content": f"Memory {n}.", "kind": kind, "embedding": EAST} for n, kind in enumerate(kinds)])
    first = plane.get("memories/", kind="opinion", limit=2).json()
    second = plane.get("memories/", **next_parameters(first)).json()
    assert [memory["kind"] for memory in first["results"] + second["results"]] == ["opinion"] * 3


def test_a_memory_forgotten_between_two_pages_hides_no_other(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(6)])[::-1]
    first = plane.get("memories/", limit=3).json()
    assert plane.delete(f"memories/{ids[2]}/").status_code == 204
    assert plane.listed(**next_parameters(first)) == ids[3:]


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"cursor": "abc"}, ("invalid", "cursor")),
        ({"cursor": "é"}, ("invalid", "cursor")),
        ({"cursor": "MjAyNi0wNi0wMSB4"}, ("invalid", "cursor")),
        ({"limit": 0}, ("min_value", "limit")),
        ({"limit": 201}, ("max_value", "limit")),
        ({"limit": "ten"}, ("invalid", "limit")),
        ({"tier": "tepid"}, ("invalid_choice", "tier")),
        ({"kind": "Not a kind"}, ("invalid", "kind")),
        ({"session": "nul\0"}, ("null_characters_not_allowed", "session")),
        ({"created_after": "noon"}, ("invalid", "created_after")),
        ({"page": 2}, ("unknown_field", "page")),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(acme: SpaceApi, parameters: Any, problem: tuple[str, str]) -> None:
    answer = acme.get("memories/", **parameters)
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_a_cursor_of_another_space_shows_nothing_of_it(acme: SpaceApi, globex: SpaceApi) -> None:
    globex.batch([{"content": f"Secret {n}."} for n in range(3)])
    parameters = next_parameters(globex.get("memories/", limit=1).json())
    own = acme.get("memories/", **parameters)
    assert "Secret" not in own.content.decode()


@pytest.mark.parametrize("verb", ["get", "delete"])
@pytest.mark.parametrize("whose", ["nobody", "globex"])
def test_a_memory_that_is_not_the_spaces_own_is_not_found(acme: SpaceApi, world: World, verb: str, whose: str) -> None:
    memory_id = {"nobody": UNKNOWN, "globex": world.memories["globex_s1"]}[whose]
    answer = getattr(acme, verb)(f"memories/{memory_id}/")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["detail"] == f"There is no memory {memory_id} in this space."


def test_what_is_no_id_is_not_found(acme: SpaceApi) -> None:
    assert acme.get("memories/first/").status_code == 404


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        ({"content": "Changed."}, {"content": "Changed."}),
        ({"kind": "opinion"}, {"kind": "opinion"}),
        ({"confidence": 0.5}, {"confidence": 0.5}),
        ({"session": "other"}, {"session": "other"}),
        ({"session": None}, {"session": None}),
        ({"metadata": {"b": 2}}, {"metadata": {"b": 2}}),
        ({"observed_at": "2026-01-01T00:00:00Z"}, {"observed_at": "2026-01-01T00:00:00Z"}),
        ({"expires_at": "2999-01-01T00:00:00Z"}, {"expires_at": "2999-01-01T00:00:00Z"}),
        ({"expires_at": None}, {"expires_at": None}),
        ({}, {}),
    ],
)
def test_a_change_changes_what_it_names_and_the_time_of_change(
    acme: SpaceApi, change: dict[str, Any], stored: dict[str, Any]
) -> None:
    memory_id = acme.remember("As it was.", session="call", metadata={"a": 1}, expires_at="2998-01-01T00:00:00Z")
    before = acme.get(f"memories/{memory_id}/").json()
    answer = acme.patch(f"memories/{memory_id}/", change)
    assert answer.status_code == 200
    assert answer.json() == {**before, **stored, "updated_at": answer.json()["updated_at"]}
    assert answer.json()["updated_at"] > before["updated_at"]
    assert acme.get(f"memories/{memory_id}/").json() == answer.json()


def test_changed_content_is_found_by_its_new_words_and_not_by_its_old(acme: SpaceApi) -> None:
    memory_id = acme.remember("The aardvark sleeps.")
    assert acme.patch(f"memories/{memory_id}/", {"content": "The xylophone plays."}).status_code == 200
    by_words = {"seeds": ["lexical"], "depth": 0}
    assert acme.recalled(query="xylophone", **by_words) == [memory_id]
    assert acme.recalled(query="aardvark", **by_words) == []


def test_changed_content_is_found_by_its_new_meaning(acme: SpaceApi) -> None:
    memory_id = acme.remember("The aardvark sleeps.")
    before = acme.recall(query="a musical instrument", seeds=["semantic"], depth=0)
    acme.patch(f"memories/{memory_id}/", {"content": "The xylophone plays."})
    after = acme.recall(query="a musical instrument", seeds=["semantic"], depth=0)
    assert after[0]["memory"]["id"] == memory_id
    assert after[0]["similarity"] > 0.2 + before[0]["similarity"]


def test_a_clients_new_vector_takes_the_place_of_the_old(plane: SpaceApi) -> None:
    memory_id = plane.remember("It turned.", embedding=EAST)
    assert plane.patch(f"memories/{memory_id}/", {"embedding": NORTH}).status_code == 200
    (hit,) = plane.recall(embedding=NORTH)
    assert (hit["memory"]["content"], hit["similarity"]) == ("It turned.", pytest.approx(1.0))


def test_a_changed_content_keeps_its_tier(acme: SpaceApi) -> None:
    memory_id = acme.remember("As it was.")
    acme.change_row(memory_id, tier=Tier.WARM)
    assert acme.patch(f"memories/{memory_id}/", {"content": "Changed."}).json()["tier"] == "warm"
    with space_tx(scope_of("acme_s1")):
        assert Embedding.objects.get(memory_id=memory_id).tier == "warm"


def test_new_content_in_a_space_of_the_clients_vectors_needs_a_vector(plane: SpaceApi) -> None:
    memory_id = plane.remember("As it was.", embedding=EAST)
    answer = plane.patch(f"memories/{memory_id}/", {"content": "Changed."})
    assert (answer.status_code, problems(answer)) == (400, [("embedding_required", "embedding")])
    assert plane.get(f"memories/{memory_id}/").json()["content"] == "As it was."


def test_a_new_vector_at_the_same_moment_does_not_bring_the_old_content_back(plane: SpaceApi) -> None:
    memory_id = plane.remember("Version 0.", embedding=EAST)
    contents = [f"Version {n}." for n in range(1, 11)]
    kept = []
    for content in contents:
        changes: list[Any] = [{"content": content, "embedding": NORTH}, {"embedding": EAST}]
        at_once(*[partial(plane.patch, f"memories/{memory_id}/", change) for change in changes])
        kept.append(plane.get(f"memories/{memory_id}/").json()["content"])
    assert kept == contents


def test_content_that_another_memory_has_is_a_conflict_and_changes_nothing(acme: SpaceApi) -> None:
    acme.remember("Taken.")
    memory_id = acme.remember("Free.", kind="fact")
    answer = acme.patch(f"memories/{memory_id}/", {"content": "Taken.", "kind": "opinion"})
    assert (answer.status_code, problems(answer)) == (409, [("duplicate_content", None)])
    unchanged = acme.get(f"memories/{memory_id}/").json()
    assert (unchanged["content"], unchanged["kind"]) == ("Free.", "fact")


def test_content_may_be_changed_to_what_it_is(acme: SpaceApi) -> None:
    memory_id = acme.remember("The same.")
    assert acme.patch(f"memories/{memory_id}/", {"content": "The same."}).status_code == 200


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"content": " "}, ("blank", "content")),
        ({"confidence": None}, ("null", "confidence")),
        ({"kind": "NO"}, ("invalid", "kind")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ("invalid", "expires_at")),
        ({"embedding": [1.0, 2.0]}, ("dimension_mismatch", "embedding")),
        ({"recall_count": 9}, ("unknown_field", "recall_count")),
        ({"id": UNKNOWN}, ("unknown_field", "id")),
    ],
)
def test_a_change_that_is_not_valid_is_refused_by_name(
    acme: SpaceApi, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    memory_id = acme.remember("As it was.")
    before = acme.get(f"memories/{memory_id}/").json()
    answer = acme.patch(f"memories/{memory_id}/", change)
    assert (answer.status_code, problems(answer)) == (400, [problem])
    assert acme.get(f"memories/{memory_id}/").json() == before


def test_another_tenants_memory_is_not_found_to_be_changed(acme: SpaceApi, globex: SpaceApi, world: World) -> None:
    foreign = world.memories["globex_s1"]
    assert acme.patch(f"memories/{foreign}/", {"content": "Mine now."}).status_code == 404
    assert globex.get(f"memories/{foreign}/").json()["content"] == "The first memory of globex_s1."


def test_a_forgotten_memory_is_gone_from_every_read_path(acme: SpaceApi) -> None:
    before = acme.remember("Before the armadillo.", session="call")
    forgotten = acme.remember("The armadillo itself.", session="call", associations=[{"target": before}])
    assert acme.delete(f"memories/{forgotten}/").status_code == 204

    assert acme.get(f"memories/{forgotten}/").status_code == 404
    assert forgotten not in acme.listed()
    assert forgotten not in acme.recalled(query="the armadillo itself")
    assert forgotten not in acme.recalled(query="armadillo", seeds=["semantic"], depth=0)
    assert forgotten not in acme.recalled(query="armadillo", seeds=["lexical"], depth=0)
    assert acme.post("recall/", {"memory": forgotten}).status_code == 404
    assert acme.post("spread/", {"from": [forgotten]}).status_code == 404
    assert [reached["memory"]["id"] for reached in acme.spread(before)["activations"]] == [before]
    assert acme.get(f"memories/{forgotten}/associations/").status_code == 404
    assert acme.associations(before) == []
    assert acme.put(f"memories/{before}/associations/{forgotten}/", {}).status_code == 404
    assert acme.patch(f"memories/{forgotten}/", {"kind": "fact"}).status_code == 404
    assert acme.delete(f"memories/{forgotten}/").status_code == 404


def test_forgetting_leaves_no_vector_and_no_association(acme: SpaceApi) -> None:
    before = acme.remember("Before it.", session="call")
    forgotten = acme.remember("The thing itself.", session="call")
    acme.delete(f"memories/{forgotten}/")
    with space_tx(scope_of("acme_s1")):
        assert not Embedding.objects.filter(memory_id=forgotten).exists()
        assert not Association.objects.filter(source_id=before).exists()


def test_a_forgotten_content_may_be_remembered_anew(acme: SpaceApi) -> None:
    first = acme.remember("Once more.")
    acme.delete(f"memories/{first}/")
    again = acme.post("memories/", {"content": "Once more."})
    assert (again.status_code, again.json()["id"] == first) == (201, False)


def test_an_expired_memory_is_gone_from_every_read_path(acme: SpaceApi) -> None:
    before = acme.remember("Before the armadillo.", session="call")
    expired = acme.remember("The armadillo itself.", session="call")
    acme.expire(expired)

    assert acme.get(f"memories/{expired}/").status_code == 404
    assert expired not in acme.listed()
    assert expired not in acme.recalled(query="the armadillo itself")
    assert expired not in acme.recalled(query="armadillo", seeds=["semantic"], depth=0)
    assert expired not in acme.recalled(query="armadillo", seeds=["lexical"], depth=0)
    assert acme.post("recall/", {"memory": expired}).status_code == 404
    assert acme.post("spread/", {"from": [expired]}).status_code == 404
    assert [reached["memory"]["id"] for reached in acme.spread(before)["activations"]] == [before]
    assert acme.get(f"memories/{expired}/associations/").status_code == 404
    assert acme.associations(before) == []
    assert acme.put(f"memories/{before}/associations/{expired}/", {}).status_code == 404
    assert acme.patch(f"memories/{expired}/", {"kind": "fact"}).status_code == 404
