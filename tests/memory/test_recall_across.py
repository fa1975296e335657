"""Recall over several spaces at once: ``POST recall/``."""

from threading import Barrier
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from audit.services.events import recent_events
from memory import queries
from memory.services import recall_across, reinforcement
from tenants.callers import operator
from tenants.models import ApiKey, Space, Tenant
from tenants.scope import SpaceScope
from tenants.services.keys import create_key
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import suspend_tenant
from tests.limits import limit_space, refusals
from tests.memory.across import ACME, ask, asked, hang, met, spaces_of
from tests.memory.openai_server import always, running_server
from tests.memory.space_api import SpaceApi, detail, problems
from tests.world import READ, READ_WRITE, World, logged_in

pytestmark = pytest.mark.usefixtures("patient")


def notes(topic: str, many: int) -> list[dict[str, str]]:
    """So many memories that have nothing to do with each other but their topic."""
    what = ["invoice", "delivery", "meeting", "phone call", "complaint", "holiday", "contract", "parking space"]
    who = ["Priya", "Tomasz", "Ruth", "Kofi", "Ines", "Lars", "Mei"]
    return [{"content": f"{who[n % 7]} wrote about the {what[n % 8]} of {topic} number {n}."} for n in range(many)]


def test_every_space_that_the_token_may_read_is_asked(world: World) -> None:
    answer = asked(world.client("acme"))
    assert met(answer) == {"acme_s1": None, "acme_s10": None, "acme_shared": None}
    assert {hit["memory"]["id"] for hit in answer["results"]} == {world.memories[name] for name in ACME}


def test_each_hit_is_labelled_with_its_space_and_explained(world: World) -> None:
    for hit in asked(world.client("acme"))["results"]:
        assert hit["memory"]["id"] == world.memories[hit["space"]]
        assert hit["space"] == hit["memory"]["space"]
        assert hit["path"] == [hit["memory"]["id"]]
        assert set(hit) == {"memory", "space", "score", "similarity", "lexical", "activation", "depth", "path"}


def test_private_and_shared_spaces_answer_together(world: World) -> None:
    answer = asked(world.client("globex"))
    assert sorted(spaces_of(answer)) == ["acme_shared", "globex_s1"]


def test_a_token_narrowed_to_some_spaces_asks_those(world: World) -> None:
    read = frozenset({"read"})
    answer = asked(world.client("acme", {"acme_s10": read, "acme_shared": read}))
    assert met(answer) == {"acme_s10": None, "acme_shared": None}


def test_the_spaces_named_are_asked_and_no_others(world: World) -> None:
    answer = asked(world.client("acme"), spaces=["acme_shared", "acme_s1"])
    assert list(met(answer)) == ["acme_shared", "acme_s1"]
    assert sorted(spaces_of(answer)) == ["acme_s1", "acme_shared"]


def test_a_space_named_twice_is_asked_once(world: World) -> None:
    answer = asked(world.client("acme"), spaces=["acme_s1", "acme_s1", "acme_s1"])
    assert [space["space"] for space in answer["spaces"]] == spaces_of(answer) == ["acme_s1"]


@pytest.mark.parametrize("foreign", ["globex_s1", "no_such_space"])
def test_a_named_space_that_the_token_does_not_cover_refuses_it_all(world: World, foreign: str) -> None:
    answer = ask(world.client("acme"), spaces=["acme_s1", foreign])
    assert (answer.status_code, problems(answer)) == (403, [("space_not_covered", None)])
    assert detail(answer) == "The token does not cover all of these spaces."
    assert refusals("acme") == [("recall_across", "", "denied", "403 space_not_covered")]


def test_a_members_spaces_are_those_within_reach(world: World) -> None:
    bob = logged_in("bob")
    assert sorted(spaces_of(asked(bob))) == ACME
    assert ask(bob, spaces=["acme_s1", "globex_s1"]).status_code == 403


def test_whoever_may_read_no_space_recalls_nothing(world: World) -> None:
    answer = asked(world.client("acme", {"acme_s1": frozenset({"write"})}))
    assert (answer["results"], answer["spaces"]) == ([], [])


def test_a_space_that_may_only_be_written_to_is_left_out(world: World) -> None:
    client = world.client("acme", {"acme_s1": frozenset({"write"}), "acme_s10": READ_WRITE})
    assert met(asked(client)) == {"acme_s10": None}
    assert met(asked(client, spaces=["acme_s1", "acme_s10"])) == {"acme_s1": "permission_denied", "acme_s10": None}


def test_more_than_a_hundred_names_are_refused(world: World) -> None:
    answer = ask(world.client("acme"), spaces=[f"space-{n}" for n in range(101)])
    assert (answer.status_code, problems(answer)) == (400, [("max_length", "spaces")])


def test_no_name_at_all_is_refused(world: World) -> None:
    answer = ask(world.client("acme"), spaces=[])
    assert (answer.status_code, problems(answer)) == (400, [("empty", "spaces")])


def test_a_text_is_embedded_once_for_all_spaces_of_a_model_and_a_failure_is_not_waited_for_again(
    world: World, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    root, names = operator("tests"), [f"acme_remote_{n}" for n in range(3)]
    for name in names:
        create_space(root, NewSpace(name, embedding_model="lengths", embedding_dimension=3), tenant_slug="acme")
    key = create_key(root, "acme", {"acme_s1": READ, **dict.fromkeys(names, READ)}, name="remote")
    world.keys["remote"] = key.api_key
    with running_server() as provider:
        settings.ENGRAM_EMBEDDER = "openai"
        settings.ENGRAM_OPENAI_URL = provider.url
        settings.ENGRAM_OPENAI_API_KEY = "secret-key"
        settings.ENGRAM_OPENAI_MODEL = "lengths"
        settings.ENGRAM_OPENAI_DIMENSION = 3
        answer = asked(world.client("remote"), query="What did Ruth get?")
        assert [request["input"] for request in provider.requests] == [["What did Ruth get?"]]
        provider.script(*[always({}, status=401)] * 3)
        failed = asked(world.client("remote"), query="Who was away?")
        assert len(provider.requests) == 2
        provider.script(*[always({}, status=400)] * 3)
        refused = asked(world.client("remote"), query="And who was not?")
        assert len(provider.requests) == 3
    assert met(answer) == {"acme_s1": "embedding_required", **dict.fromkeys(names)}
    assert met(failed) == {"acme_s1": "embedding_required", **dict.fromkeys(names, "embedder_unavailable")}
    assert met(refused) == {"acme_s1": "embedding_required", **dict.fromkeys(names, "embedding_refused")}


def test_a_memorys_id_is_no_cue_for_several_spaces(world: World) -> None:
    body = {"memory": world.memories["acme_s1"]}
    answer = world.client("acme").post("/api/v1/recall/", body, format="json")
    assert answer.status_code == 400
    assert ("unknown_field", "memory") in problems(answer)


def test_nobody_recalls_without_a_token(world: World) -> None:
    assert ask(APIClient()).status_code == 401


def test_a_revoked_key_recalls_nothing_whether_or_not_it_names_spaces(world: World) -> None:
    client = world.client("acme")
    ApiKey.objects.filter(name="acme").delete()
    assert [ask(client).status_code, ask(client, spaces=["acme_s1"]).status_code] == [403, 403]
    assert problems(ask(client, spaces=["acme_s1"])) == [("access_withdrawn", None)]


def test_a_suspended_tenant_recalls_nothing_whether_or_not_it_names_spaces(world: World) -> None:
    client = world.client("globex")
    suspend_tenant(operator("tests"), "globex")
    answers = [ask(client), ask(client, spaces=["acme_shared"])]
    assert [problems(answer) for answer in answers] == [[("tenant_suspended", None)]] * 2


@pytest.mark.usefixtures("endless_second")
def test_each_space_asked_costs_one_of_its_operations(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=2)
    client = world.client("acme")
    asked(client)
    space = SpaceApi("acme_s1", client)
    assert [space.get("memories/").status_code for _ in range(2)] == [200, 429]


def test_the_audit_trail_has_a_row_for_each_space_and_one_for_the_whole(world: World) -> None:
    client = world.client("acme")
    asked(client)
    whole, *spaces = recent_events(Tenant.objects.get(slug="acme").id, 4)
    rows = [(event.action, event.space, event.outcome, event.target) for event in (*spaces, whole)]
    assert [*sorted(rows[:3]), rows[3]] == [
        ("recall", "acme_s1", "allowed", "1 memory"),
        ("recall", "acme_s10", "allowed", "1 memory"),
        ("recall", "acme_shared", "allowed", "1 memory"),
        ("recall_across", "", "allowed", "3 spaces"),
    ]


def test_the_audit_trail_tells_each_spaces_own_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall_across, "PATIENCE_MS", 2_000)
    hang(monkeypatch, "acme_s1", "acme_s10")
    asked(world.client("acme"), spaces=["acme_s1", "acme_s10", "acme_shared"])
    events = recent_events(Tenant.objects.get(slug="acme").id, 4)
    took = {event.space: event.duration_ms for event in events}
    # Two are asked at once, and the third after them.
    assert took[""] >= 2_000 + took["acme_shared"]


def test_two_spaces_are_asked_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    search, together = queries.recall, Barrier(2)

    def meet(scope: SpaceScope, call: queries.RecallCall) -> Any:
        together.wait(20)
        return search(scope, call)

    monkeypatch.setattr(queries, "recall", meet)
    assert met(asked(world.client("globex"))) == {"acme_shared": None, "globex_s1": None}


def test_only_what_is_shown_is_reinforced(world: World) -> None:
    (shown,) = asked(world.client("acme"), limit=1)["results"]
    ids = dict(Space.objects.values_list("name", "id"))
    assert reinforcement.waiting(list(ids.values())) == {ids[shown["space"]]: 1}


def test_a_guests_recall_is_in_the_guests_trail(world: World) -> None:
    before = len(recent_events(Tenant.objects.get(slug="acme").id, 1_000))
    asked(world.client("globex"))
    events = recent_events(Tenant.objects.get(slug="globex").id, 3)
    assert sorted((event.action, event.space) for event in events) == [
        ("recall", "acme_shared"),
        ("recall", "globex_s1"),
        ("recall_across", ""),
    ]
    assert len(recent_events(Tenant.objects.get(slug="acme").id, 1_000)) == before


def test_no_more_are_given_than_asked_for_and_the_best_come_first(world: World) -> None:
    client = world.client("acme")
    for name in ACME:
        SpaceApi(name, client).batch(notes(name, 8))
    answer = asked(client, query="Ruth wrote about the meeting", limit=7)
    scores = [hit["score"] for hit in answer["results"]]
    assert len(scores) == 7
    assert scores == sorted(scores, reverse=True)
    assert [space["hits"] for space in answer["spaces"]] == [7, 7, 7]


@pytest.mark.parametrize("holder", ACME)
def test_the_space_that_holds_the_answer_comes_first_whatever_the_others_size(world: World, holder: str) -> None:
    client = world.client("acme")
    SpaceApi("acme_s1", client).batch(notes("the office", 30))
    SpaceApi("acme_s10", client).batch(notes("the garden", 2))
    SpaceApi("acme_shared", client).batch(notes("the warehouse", 300))
    SpaceApi(holder, client).remember("The espresso machine on the third floor leaks from its steam valve.")
    for query in ("espresso machine leaks", "something is wrong with the coffee maker", "steam valve"):
        best = asked(client, query=query)["results"][0]
        assert (best["space"], best["memory"]["content"].split()[1]) == (holder, "espresso")


def test_a_space_with_nothing_to_say_does_not_shout_down_one_that_has(world: World) -> None:
    client = world.client("acme")
    SpaceApi("acme_s1", client).batch(notes("the office", 40))
    answers = ["Tents are returned within thirty days.", "A tent that was used can be returned for half its price."]
    SpaceApi("acme_shared", client).batch([*notes("the warehouse", 40), *({"content": each} for each in answers)])
    results = asked(client, query="can a tent be returned?", limit=2)["results"]
    assert {hit["memory"]["content"] for hit in results} == set(answers)


def test_activation_stays_in_its_space(world: World) -> None:
    client = world.client("acme")
    told = {}
    for name in ("acme_s1", "acme_s10"):
        space = SpaceApi(name, client)
        contents = ("The ferrule cracked.", "We sent another.", "It came on Monday.")
        told[name] = {space.remember(content, session="call") for content in contents}
    answer = asked(client, query="ferrule", seeds=["lexical"], depth=3, threshold=0, spaces=["acme_s1", "acme_s10"])
    assert len(answer["results"]) == 6
    for hit in answer["results"]:
        assert set(hit["path"]) <= told[hit["space"]]


def test_filters_tiers_and_seeds_hold_in_every_space(world: World) -> None:
    client = world.client("acme")
    wanted = {SpaceApi(name, client).remember("A ferrule.", kind="part") for name in ACME}
    cold = SpaceApi("acme_s1", client).remember("Another ferrule.", kind="part")
    SpaceApi("acme_s1", client).change_row(cold, tier="cold")
    answer = asked(client, query="ferrule", seeds=["lexical"], depth=0, tiers=["hot"], filters={"kind": "part"})
    assert {hit["memory"]["id"] for hit in answer["results"]} == wanted
    assert {hit["similarity"] for hit in answer["results"]} == {None}


def test_an_explanation_can_be_left_out(world: World) -> None:
    for hit in asked(world.client("acme"), explain=False)["results"]:
        assert set(hit) == {"memory", "space", "score"}
