"""Which tenant a person's pages show."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tenants.models import Membership, Tenant
from tests.world import World


def tenant_id(slug: str) -> str:
    return str(Tenant.objects.get(slug=slug).id)


@pytest.fixture
def alice(world: World, client: Client) -> Client:
    """Alice, who came to globex after acme."""
    user = get_user_model().objects.get(username="alice")
    Membership.objects.create(user=user, tenant=Tenant.objects.get(slug="globex"))
    client.force_login(user)
    return client


def spaces(client: Client) -> set[str]:
    return {space["name"] for space in client.get("/api/v1/spaces/").json()["results"]}


def test_the_first_tenant_is_shown_until_another_is_chosen(alice: Client) -> None:
    assert spaces(alice) == {"acme_s1", "acme_s10", "acme_shared"}


def test_a_tenant_of_ones_own_can_be_chosen(alice: Client) -> None:
    answer = alice.post("/tenant/", {"tenant": tenant_id("globex")})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert spaces(alice) == {"globex_s1", "acme_shared"}


@pytest.mark.parametrize("chosen", ["", "acme", "1", "00000000-0000-0000-0000-000000000000"])
def test_what_is_no_tenant_of_theirs_does_not_exist(alice: Client, chosen: str) -> None:
    assert alice.post("/tenant/", {"tenant": chosen}).status_code == 404
    assert spaces(alice) == {"acme_s1", "acme_s10", "acme_shared"}


def test_an_outsider_cannot_choose_a_tenant(world: World, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="charlie"))
    assert client.post("/tenant/", {"tenant": tenant_id("acme")}).status_code == 404
    assert spaces(client) == {"globex_s1", "acme_shared"}


def test_a_membership_that_has_ended_is_not_shown_though_it_was_chosen(alice: Client) -> None:
    alice.post("/tenant/", {"tenant": tenant_id("globex")})
    Membership.objects.filter(tenant__slug="globex", user__username="alice").delete()
    assert spaces(alice) == {"acme_s1", "acme_s10", "acme_shared"}


def test_choosing_needs_a_post(alice: Client) -> None:
    assert alice.get("/tenant/").status_code == 405


def test_choosing_needs_a_log_in(world: World, client: Client) -> None:
    answer = client.post("/tenant/", {"tenant": tenant_id("acme")})
    assert answer.headers["Location"] == "/login/"


def test_another_site_cannot_choose_for_them(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.get(username="alice"))
    answer = client.post("/tenant/", {"tenant": tenant_id("acme")})
    assert answer.status_code == 403
    assert "That form was too old to accept" in answer.content.decode()
