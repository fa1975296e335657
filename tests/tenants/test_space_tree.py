"""The tree of spaces: order, whose each is, what a search leaves, and what it costs."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.callers import operator
from tenants.models import Space
from tenants.services import tree
from tenants.services.spaces import NewSpace, create_space
from tenants.services.teams import create_team
from tenants.services.tree import Tree, places, space_tree, spaces_of_team
from tests.memory.test_overview import member
from tests.tenants.control_api import trail
from tests.world import World, logged_in

ROOT = operator("tests")


def _below(parent: str, *names: str) -> None:
    for name in names:
        create_space(ROOT, NewSpace(name, parent=parent), tenant_slug="acme")


def _shown(seen: Tree) -> list[tuple[str, int, bool, int]]:
    return [(twig.space.name, twig.depth, twig.opens, len(twig.closes)) for twig in seen.twigs]


def test_each_space_comes_directly_after_the_one_above_it(world: World) -> None:
    _below("acme_s1", "b_child", "a_child")
    _below("b_child", "grandchild")
    assert _shown(space_tree(member("alice", "acme"))) == [
        ("acme_s1", 0, True, 0),
        ("a_child", 1, False, 0),
        ("b_child", 1, True, 0),
        ("grandchild", 2, False, 2),
        ("acme_s10", 0, False, 0),
        ("acme_shared", 0, False, 0),
    ]


def test_spaces_are_counted_by_whose_they_are(world: World) -> None:
    create_team(ROOT, "desk", tenant_slug="acme")
    create_space(ROOT, NewSpace("acme_team", team="desk"), tenant_slug="acme")
    own, guest = space_tree(member("alice", "acme")), space_tree(member("charlie", "globex"))
    assert (own.own, own.teams, own.shared_in, own.shared_out) == (3, 1, 0, 1)
    assert (guest.own, guest.teams, guest.shared_in, guest.shared_out) == (1, 0, 1, 0)
    assert {twig.space.name: twig.kind for twig in guest.twigs} == {"globex_s1": "own", "acme_shared": "in"}


def test_whom_a_space_is_shared_with_is_for_those_who_manage_it(world: World) -> None:
    shared = {twig.space.name: twig.shared_with for twig in space_tree(member("alice", "acme")).twigs}
    assert shared == {"acme_s1": [], "acme_s10": [], "acme_shared": ["globex"]}
    assert {tuple(twig.shared_with) for twig in space_tree(member("bob", "acme")).twigs} == {()}


def test_a_search_leaves_what_it_finds_and_what_is_above(world: World) -> None:
    _below("acme_s10", "acme_child")
    Space.objects.filter(name="acme_child").update(title="The CHILD")
    found = space_tree(member("alice", "acme"), "the child")
    assert [twig.space.name for twig in found.twigs] == ["acme_s10", "acme_child"]
    assert (found.found, found.own) == (2, 4)
    assert space_tree(member("alice", "acme"), "nothing like it").twigs == []


def test_a_tree_of_too_many_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_SHOWN", 2)
    seen = space_tree(member("alice", "acme"))
    assert (len(seen.twigs), seen.found, seen.is_cut) == (2, 3, True)


def test_a_form_offers_the_tenants_own_active_spaces_and_teams(world: World) -> None:
    create_team(ROOT, "desk", tenant_slug="acme")
    Space.objects.filter(name="acme_s10").update(status="archived")
    offered = places(member("alice", "acme"))
    assert (offered.parents, offered.teams) == (["acme_s1", "acme_shared"], ["desk"])


def test_looking_at_the_tree_leaves_one_row(world: World) -> None:
    logged_in("alice").get("/spaces/")
    assert trail("acme", "list_spaces") == [("allowed", "")]


@pytest.mark.parametrize("url", ["/spaces/", "/spaces/acme_s1/", "/people/", "/keys/"])
def test_a_page_costs_as_many_queries_however_many_spaces_there_are(world: World, url: str) -> None:
    client: Client = logged_in("alice")
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    _below("acme_s1", *(f"more_{number}" for number in range(20)))
    for number in range(20):
        create_team(ROOT, f"team-{number}", tenant_slug="acme")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) - len(few) in {0, 1}


def test_the_spaces_of_a_team_are_found_by_as_many_queries_however_many_there_are(world: World) -> None:
    create_team(ROOT, "desk", tenant_slug="acme")
    alice = member("alice", "acme")
    with CaptureQueriesContext(connection) as none:
        assert spaces_of_team(alice, "desk") == []
    for number in range(5):
        create_space(ROOT, NewSpace(f"desk_{number}", team="desk"), tenant_slug="acme")
    with CaptureQueriesContext(connection) as five:
        assert [space.name for space in spaces_of_team(alice, "desk")] == [f"desk_{number}" for number in range(5)]
    assert len(five) == len(none)
