"""Explore, over HTTP: what it asks, shows and refuses."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.test import Client
from django.utils.html import escape

from audit.services.events import recent_events
from memory.pages import explore as pages
from memory.records import Link
from memory.services.associations import associate
from tenants.models import Space, Tenant
from tenants.services import limiter
from tests.limits import limit_space
from tests.world import World, logged_in, remember_in, scope_of


def found(client: Client, **asked: Any) -> str:
    response = client.get("/explore/found/", {"q": "The first memory", **asked})
    assert response.status_code == 200
    return response.content.decode()


def graph(client: Client, **asked: Any) -> Any:
    return client.get("/explore/graph/", {"depth": 2, "threshold": 0.01, **asked})


def test_a_cue_is_asked_of_every_space_in_reach(world: World) -> None:
    page = found(logged_in("alice"))
    assert re.search(r"3 memories of 3 spaces", page)
    assert "Found by the cue itself." in page


def test_only_the_chosen_spaces_are_asked(world: World) -> None:
    page = found(logged_in("alice"), space=["acme_s1"])
    assert "The first memory of acme_s1." in page
    assert "acme_s10" not in page


def test_the_address_becomes_the_whole_pages(world: World) -> None:
    response = logged_in("alice").get("/explore/found/", {"q": "The first memory", "space": "acme_s1"})
    assert response.headers["HX-Push-Url"] == "/explore/?q=The+first+memory&space=acme_s1"


def test_the_page_itself_answers_a_cue(world: World) -> None:
    response = logged_in("alice").get("/explore/", {"q": "The first memory"})
    assert "The first memory of acme_s1." in response.content.decode()


def test_a_hit_that_activation_brought_says_where_from(world: World) -> None:
    far = remember_in("acme_s1", "Zebras sleep standing up.")
    associate(scope_of("acme_s1"), UUID(world.memories["acme_s1"]), Link(far))
    page = found(logged_in("alice"), q="first memory of acme_s1", space=["acme_s1"], threshold=0.005)
    assert "Zebras sleep standing up." in page
    assert re.search(r"1 hop from number 1\.|Found by the cue itself\.", page)


def test_going_on_from_a_memory_shows_it_and_what_is_like_it(world: World) -> None:
    remember_in("acme_s1", "The second memory of acme_s1.")
    asked = {"memory": world.memories["acme_s1"], "space": "acme_s1"}
    page = logged_in("alice").get("/explore/", asked).content.decode()
    assert "Going on from this memory." in page
    assert "The second memory of acme_s1." in page


def test_a_new_cue_takes_the_place_of_the_memory(world: World) -> None:
    page = found(logged_in("alice"), memory=world.memories["acme_s1"], space=["acme_s1"])
    assert "Going on from this memory." not in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"depth": 9}, "The depth is 9; these spaces allow 0 to 5."),
        ({"depth": "deep"}, "Enter a whole number."),
        ({"threshold": 3}, "Ensure this value is less than or equal to 0.2."),
        ({"space": "globex_s1"}, "globex_s1 is not one of the available choices."),
        ({"q": "", "memory": "0196f4c8-0000-7000-8000-000000000000"}, "A memory is of one space: name that one."),
        ({"q": "x" * 2001}, "Ensure this value has at most 2000 characters"),
        ({"q": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(world: World, asked: dict[str, Any], words: str) -> None:
    assert escape(words) in found(logged_in("alice"), **asked)


def test_the_depth_is_what_all_of_the_chosen_spaces_allow(world: World) -> None:
    limit_space("acme_s1", max_spreading_depth=1)
    alice = logged_in("alice")
    assert "did not answer" not in found(alice, space=["acme_s1", "acme_s10"])
    both = alice.get("/explore/", {"space": ["acme_s1", "acme_s10"]}).context["form"]
    assert (both["depth"].value(), both.most_depth) == ("1", 1)
    deeper = alice.get("/explore/", {"space": ["acme_s10"]}).context["form"]
    assert (deeper["depth"].value(), deeper.most_depth) == ("2", 5)


def test_at_most_ten_spaces_are_asked_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.pages.forms.MOST_SPACES", 1)
    alice = logged_in("alice")
    assert "1 memory of 1 space" in found(alice)
    assert "2 spaces are chosen; allowed: 1 at a time." in found(alice, space=["acme_s1", "acme_s10"])


def test_a_space_that_cannot_answer_is_said_and_the_others_do(world: World) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    with limiter.occupy(scope_of("acme_s1")):
        page = found(logged_in("alice"))
    assert escape("acme_s1 did not answer: The space 'acme_s1' has 1 operation running, which is its limit.") in page
    assert "The first memory of acme_s10." in page


def test_without_a_cue_or_a_hit_it_says_so(world: World) -> None:
    alice = logged_in("alice")
    assert "What would you like to know?" in alice.get("/explore/").content.decode()
    Space.objects.filter(tenant__slug="acme").exclude(name="acme_s10").update(status="archived")
    forgotten = alice.post(f"/memories/acme_s10/{world.memories['acme_s10']}/forget/")
    assert forgotten.status_code == 302
    assert "Nothing comes to mind" in found(alice)


def test_somebody_without_a_space_is_told_so(world: World) -> None:
    Space.objects.filter(tenant__slug="acme").update(status="archived")
    assert "No space to look into yet" in logged_in("alice").get("/explore/?q=x").content.decode()


def test_the_graph_has_what_activation_reached_and_how(world: World) -> None:
    first = UUID(world.memories["acme_s1"])
    second = remember_in("acme_s1", "The second. " + "x" * 400)
    associate(scope_of("acme_s1"), first, Link(second, 0.5))
    answer = graph(logged_in("alice"), space="acme_s1", sources=str(first)).json()
    assert [(node["id"], node["depth"], node["path"]) for node in answer["nodes"]] == [
        (str(first), 0, [str(first)]),
        (str(second), 1, [str(first), str(second)]),
    ]
    assert len(answer["nodes"][1]["text"]) == pages.TEXT + 1
    (edge,) = answer["edges"]
    assert (edge["source"], edge["target"], edge["kind"], edge["weight"]) == (str(first), str(second), "explicit", 0.5)
    assert answer["is_cut"] is False


def test_a_graph_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.services.spread.MOST_ACTIVATED", 1)
    monkeypatch.setattr(pages, "MOST_ACTIVATED", 1)
    first = UUID(world.memories["acme_s1"])
    associate(scope_of("acme_s1"), first, Link(remember_in("acme_s1", "The second.")))
    answer = graph(logged_in("alice"), space="acme_s1", sources=str(first)).json()
    assert (len(answer["nodes"]), answer["edges"], answer["is_cut"]) == (1, [], True)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"space": ""}, "space"),
        ({"sources": "nonsense"}, "sources"),
        ({"sources": ",".join(["0196f4c8-0000-7000-8000-000000000000"] * 51)}, "sources"),
        ({"depth": -1}, "depth"),
        ({"threshold": "much"}, "threshold"),
    ],
)
def test_a_graph_that_is_not_asked_for_rightly_is_refused(world: World, asked: dict[str, Any], field: str) -> None:
    given = {"space": "acme_s1", "sources": world.memories["acme_s1"], **asked}
    answer = graph(logged_in("alice"), **given)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_each_look_is_in_the_trail(world: World) -> None:
    alice = logged_in("alice")
    found(alice, space=["acme_s1"])
    graph(alice, space="acme_s1", sources=world.memories["acme_s1"])
    events = recent_events(Tenant.objects.get(slug="acme").id, 3)
    assert [event.action for event in events] == ["spread", "recall_across", "recall"]


def test_the_graphs_that_a_page_names_are_there(world: World) -> None:
    alice = logged_in("alice")
    named = re.findall(
        r"/explore/graph/\?[^&]*(?:&amp;[^&]*)*", found(alice, space=["acme_s1"]).replace("&quot;", "\n")
    )
    query = parse_qs(urlsplit(named[0].replace("&amp;", "&").split("\n")[0]).query)
    answer = alice.get("/explore/graph/", {name: values[0] for name, values in query.items()})
    assert [node["space"] for node in answer.json()["nodes"]] == ["acme_s1"]
