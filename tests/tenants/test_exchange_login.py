"""POST auth/token/ with a member's name and password."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import Membership, Tenant
from tenants.services.tenants import suspend_tenant
from tests.tenants.asking import TOKEN, ask, bearer, newest_event, pair, problem
from tests.world import PASSWORD, World

REFUSAL = (401, "invalid_credentials", None)


def login(api: APIClient, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return ask(api, TOKEN, username=username, password=password, **more)


def test_an_admin_gets_everything_that_the_tenant_holds(world: World, api: APIClient) -> None:
    everything = ["manage", "read", "write"]
    assert pair(api, username="alice", password=PASSWORD)["spaces"] == {
        "acme_s1": everything,
        "acme_s10": everything,
        "acme_shared": everything,
    }
    assert pair(api, username="charlie", password=PASSWORD)["spaces"] == {
        "globex_s1": everything,
        "acme_shared": ["read"],
    }


def test_a_member_reads(world: World, api: APIClient) -> None:
    answer = pair(api, username="bob", password=PASSWORD)
    assert set(map(tuple, answer["spaces"].values())) == {("read",)}
    client = bearer(answer["access"])
    assert client.get("/api/v1/spaces/acme_s1/memories/").status_code == 200
    assert client.post("/api/v1/spaces/acme_s1/memories/", {"content": "x"}, format="json").status_code == 403


def test_a_login_is_narrowed_as_a_key_is(world: World, api: APIClient) -> None:
    answer = pair(api, username="alice", password=PASSWORD, spaces={"acme_s1": ["read"]})
    assert answer["spaces"] == {"acme_s1": ["read"]}
    assert problem(login(api, "bob", spaces={"acme_s1": ["write"]})) == (403, "permission_denied", "spaces")
    assert problem(login(api, "alice", spaces={"globex_s1": ["read"]})) == (403, "space_not_covered", "spaces")


def test_issuing_is_recorded_under_the_member(world: World, api: APIClient) -> None:
    pair(api, username="bob", password=PASSWORD)
    event = newest_event("acme")
    assert (event.actor_kind, event.actor_name, event.action, event.outcome) == (
        "member",
        "bob",
        "issue_token",
        "allowed",
    )


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("alice", "a-wrong-password"),
        ("alice", PASSWORD + " "),
        ("alice", PASSWORD.upper()),
        ("ALICE", PASSWORD),
        ("nobody", PASSWORD),
        ("alice'--", PASSWORD),
    ],
)
def test_a_wrong_name_or_password_is_refused_in_the_same_words(
    world: World, api: APIClient, username: str, password: str
) -> None:
    wrong, unknown = login(api, username, password), login(api, "nobody-at-all", "nothing")
    assert problem(wrong) == REFUSAL
    assert wrong.content == unknown.content


def test_somebody_deactivated_is_refused_in_the_words_for_a_wrong_password(world: World, api: APIClient) -> None:
    get_user_model().objects.filter(username="alice").update(is_active=False)
    assert login(api, "alice").content == login(api, "alice", "a-wrong-password").content
    assert problem(login(api, "alice")) == REFUSAL


def test_somebody_of_no_tenant_is_refused_in_the_words_for_a_wrong_password(world: World, api: APIClient) -> None:
    get_user_model().objects.create_user("frank", password=PASSWORD)
    assert login(api, "frank").content == login(api, "frank", "a-wrong-password").content


def test_an_operator_gets_no_token_of_any_tenant(world: World, api: APIClient) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    assert problem(login(api, "root")) == REFUSAL
    assert problem(login(api, "root", tenant="acme")) == REFUSAL


@pytest.mark.parametrize("tenant", ["globex", "no-such-tenant"])
def test_another_tenant_is_refused_in_the_words_for_a_wrong_password(world: World, api: APIClient, tenant: str) -> None:
    refused = login(api, "alice", tenant=tenant)
    assert problem(refused) == REFUSAL
    assert refused.content == login(api, "alice", "a-wrong-password").content


def test_somebody_of_several_tenants_says_which(world: World, api: APIClient) -> None:
    bob = get_user_model().objects.get(username="bob")
    Membership.objects.create(tenant=Tenant.objects.get(slug="globex"), user=bob, role=Membership.Role.ADMIN)
    assert "acme_s1" in pair(api, username="bob", password=PASSWORD)["spaces"]
    chosen = pair(api, username="bob", password=PASSWORD, tenant="globex")
    assert set(chosen["spaces"]) == {"globex_s1", "acme_shared"}
    assert bearer(chosen["access"]).get("/api/v1/auth/whoami/").json()["tenant"] == "globex"


def test_a_member_gets_no_token_while_their_tenant_is_suspended(world: World, api: APIClient) -> None:
    suspend_tenant(operator("tests"), "acme")
    assert problem(login(api, "alice")) == (403, "tenant_suspended", None)
    assert newest_event("acme").outcome == "denied"


def test_a_refusal_never_repeats_the_password(world: World, api: APIClient) -> None:
    response = login(api, "alice", "a-secret" * 40)
    assert problem(response) == (400, "max_length", "password")
    assert "a-secret" not in response.content.decode()
