"""GET and POST spaces/, GET and PATCH spaces/{space}/."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from rest_framework.test import APIClient

from memory.embedders import get_embedder
from tenants.callers import operator
from tenants.models import ApiKey, Space, Tenant
from tenants.services.sharing import share_space
from tenants.services.spaces import NewSpace, create_space
from tests.tenants.asking import bearer, newest_event, pair, problem
from tests.world import PASSWORD, World

SPACES = "/api/v1/spaces/"


def admin_of(world: World, username: str) -> APIClient:
    return bearer(pair(APIClient(), username=username, password=PASSWORD)["access"])


def make(client: APIClient, **body: Any) -> Any:
    return client.post(SPACES, body, format="json")


def test_an_admin_makes_a_space_anywhere_in_their_tenant(world: World) -> None:
    response = make(admin_of(world, "alice"), name="acme_new", title="New", description="Just made.", parent="acme_s1")
    made = response.json()
    assert response.status_code == 201
    assert made.pop("id") == str(Space.objects.get(name="acme_new").id)
    assert made.pop("created_at")
    assert made == {
        "name": "acme_new",
        "title": "New",
        "description": "Just made.",
        "owner": "acme",
        "parent": "acme_s1",
        "team": None,
        "status": "active",
        "permissions": ["manage", "read", "write"],
        "embedding_model": get_embedder().model,
        "embedding_dimension": get_embedder().dimension,
        "text_search": "english",
        "text_search_status": "current",
    }


def test_making_a_space_is_in_the_tenants_trail(world: World) -> None:
    make(admin_of(world, "alice"), name="acme_new")
    event = newest_event("acme")
    assert (event.actor_name, event.action, event.space, event.outcome) == (
        "alice",
        "create_space",
        "acme_new",
        "allowed",
    )


def test_an_application_makes_spaces_below_one_that_it_manages_and_holds_them(world: World) -> None:
    assert (
        make(world.client("acme", {"acme_s1": frozenset({"manage"})}), name="acme_new", parent="acme_s1").status_code
        == 201
    )
    again = pair(APIClient(), api_key=world.keys["acme"])
    assert again["spaces"]["acme_new"] == ["manage", "read", "write"]
    assert bearer(again["access"]).get(f"{SPACES}acme_new/").json()["parent"] == "acme_s1"


def test_an_application_makes_no_space_at_the_top(world: World) -> None:
    assert problem(make(world.client("acme"), name="acme_new")) == (403, "permission_denied", "parent")


@pytest.mark.parametrize(
    ("key", "parent", "expected"),
    [
        ("acme_s1", "acme_s1", (403, "permission_denied", None)),
        ("acme_s1", "acme_s10", (403, "space_not_covered", None)),
        ("acme_s1", "no_such_space", (403, "space_not_covered", None)),
        ("globex", "acme_s1", (403, "space_not_covered", None)),
        ("globex", "acme_shared", (403, "permission_denied", None)),
    ],
)
def test_an_application_makes_no_space_below_one_that_it_does_not_manage(
    world: World, key: str, parent: str, expected: object
) -> None:
    assert problem(make(world.client(key), name="new_space", parent=parent)) == expected
    assert not Space.objects.filter(name="new_space").exists()


def test_a_member_makes_no_space(world: World) -> None:
    bob = admin_of(world, "bob")
    assert problem(make(bob, name="acme_new")) == (403, "permission_denied", None)
    assert problem(make(bob, name="acme_new", parent="no_such_space")) == (403, "permission_denied", None)


def test_a_parent_is_one_of_the_tenants_own(world: World) -> None:
    share_space(operator("tests"), "acme_shared", "globex", write=True)
    charlie = admin_of(world, "charlie")
    answers = [make(charlie, name="globex_new", parent=parent) for parent in ("acme_s1", "acme_s0", "acme_shared")]
    assert [problem(answer) for answer in answers] == [(400, "unknown_parent", "parent")] * 3
    assert answers[0].content.replace(b"acme_s1", b"acme_s0") == answers[1].content


def test_a_space_being_erased_is_no_parent(world: World) -> None:
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ERASING)
    assert problem(make(admin_of(world, "alice"), name="acme_new", parent="acme_s1")) == (
        400,
        "unknown_parent",
        "parent",
    )


@pytest.mark.parametrize("name", ["acme_s1", "globex_s1"])
def test_a_name_is_taken_once_in_the_installation(world: World, name: str) -> None:
    alice = admin_of(world, "alice")
    assert problem(make(alice, name=name)) == (409, "name_taken", "name")
    assert newest_event("acme").reason == "409 name_taken"
    assert alice.get(f"{SPACES}acme_s1/").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 65,
        "Acme",
        "acme s1",
        "acme.s1",
        "acme/s1",
        "-acme",
        "_acme",
        "acmé",
        "acme\n",
        "acme_s1\n",
        " acme_s1x",
        "",
        "...",
        "%00a",
    ],
)
def test_a_name_that_breaks_the_rule_is_refused(world: World, name: str) -> None:
    status, _, attr = problem(make(admin_of(world, "alice"), name=name))
    assert (status, attr) == (400, "name")


@pytest.mark.parametrize("name", ["abc", "0ab", "a" * 64, "a-b_c"])
def test_a_name_at_the_edge_of_the_rule_is_taken(world: World, name: str) -> None:
    assert make(admin_of(world, "alice"), name=name).status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "required", "name")),
        ({"name": "acme_new", "tenant": "globex"}, (400, "unknown_field", "tenant")),
        ({"name": "acme_new", "title": "x" * 201}, (400, "max_length", "title")),
        ({"name": "acme_new", "embedding_model": "mine"}, (400, "invalid", None)),
        ({"name": "acme_new", "embedding_dimension": 3}, (400, "invalid", None)),
        (
            {"name": "acme_new", "embedding_model": "mine", "embedding_dimension": 0},
            (400, "min_value", "embedding_dimension"),
        ),
        (
            {"name": "acme_new", "embedding_model": "mine", "embedding_dimension": 16_001},
            (400, "max_value", "embedding_dimension"),
        ),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_naming_the_field(world: World, body: Any, expected: object) -> None:
    assert problem(make(admin_of(world, "alice"), **body)) == expected


def test_a_space_may_hold_vectors_of_the_clients_own(world: World) -> None:
    made = make(admin_of(world, "alice"), name="acme_new", embedding_model="mine", embedding_dimension=3).json()
    assert (made["embedding_model"], made["embedding_dimension"]) == ("mine", 3)


def test_a_list_shows_what_the_caller_may_touch_and_how(world: World) -> None:
    listed = world.client("globex").get(SPACES).json()["results"]
    assert [(space["name"], space["owner"], space["permissions"]) for space in listed] == [
        ("acme_shared", "acme", ["read"]),
        ("globex_s1", "globex", ["manage", "read", "write"]),
    ]


def test_a_guest_is_not_told_of_the_space_above_a_shared_one(world: World) -> None:
    Space.objects.filter(name="acme_shared").update(parent=Space.objects.get(name="acme_s1"))
    assert world.client("globex").get(f"{SPACES}acme_shared/").json()["parent"] is None
    assert world.client("acme").get(f"{SPACES}acme_shared/").json()["parent"] == "acme_s1"


def test_a_token_sees_no_space_made_after_it(world: World) -> None:
    client = world.client("acme")
    create_space(operator("tests"), NewSpace("acme_new"), tenant_slug="acme")
    assert "acme_new" not in {space["name"] for space in client.get(SPACES).json()["results"]}
    assert problem(client.get(f"{SPACES}acme_new/")) == (403, "space_not_covered", None)


def test_a_manager_changes_how_a_space_is_described(world: World) -> None:
    client = world.client("acme", {"acme_s1": frozenset({"manage"})})
    changed = client.patch(f"{SPACES}acme_s1/", {"title": "A title", "description": ""}, format="json")
    assert (changed.status_code, changed.json()["title"], changed.json()["description"]) == (200, "A title", "")
    assert newest_event("acme").target == "description, title"


@pytest.mark.parametrize("field", ["name", "tenant", "owner", "embedding_model", "embedding_dimension", "id"])
def test_what_stands_in_tokens_and_stored_vectors_does_not_change(world: World, field: str) -> None:
    refused = world.client("acme").patch(f"{SPACES}acme_s1/", {field: "x"}, format="json")
    assert problem(refused) == (400, "unknown_field", field)


def test_an_unknown_parameter_is_refused(world: World) -> None:
    assert problem(world.client("acme").get(f"{SPACES}?tenant=globex")) == (400, "unknown_field", "tenant")


def test_no_space_is_above_itself(world: World) -> None:
    top, middle, bottom = (Space.objects.get(name=name) for name in ("acme_s1", "acme_s10", "acme_shared"))
    middle.parent, bottom.parent = top, middle
    bottom.clean()
    top.parent = bottom
    with pytest.raises(ValidationError, match="that would be a circle"):
        top.clean()


def test_no_space_is_its_own_parent_whoever_says_so(world: World) -> None:
    space = Space.objects.get(name="acme_s1")
    space.parent = space
    with pytest.raises(ValidationError, match="that would be a circle"):
        space.clean()
    with pytest.raises(IntegrityError):
        space.save()


def test_a_parent_of_another_tenant_is_refused_by_the_model_too(world: World) -> None:
    space = Space.objects.get(name="globex_s1")
    space.parent = Space.objects.get(name="acme_s1")
    with pytest.raises(ValidationError, match="acme_s1 belongs to another tenant"):
        space.clean()


def test_a_key_made_space_is_its_keys_and_nobody_elses(world: World) -> None:
    make(world.client("acme"), name="acme_new", parent="acme_s1")
    space = Space.objects.get(name="acme_new")
    assert space.tenant == Tenant.objects.get(slug="acme")
    assert [entry.key for entry in space.keys.all()] == [ApiKey.objects.get(name="acme")]
