"""Tenants: made, suspended, let in again."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from tenants.callers import Actor, Caller, Origin, operator
from tenants.errors import Conflict, NotFound, Refused
from tenants.models import Membership, Tenant
from tenants.services.tenants import create_tenant, resume_tenant, suspend_tenant
from tests.tenants.asking import bearer, newest_event, pair, problem
from tests.world import PASSWORD, World

ROOT = operator("root")


def test_a_tenant_is_made_with_its_first_admin(database: None) -> None:
    made = create_tenant(ROOT, "initech", name="Initech", admin="peter", password=PASSWORD)
    assert (made.slug, made.name, made.status) == ("initech", "Initech", "active")
    membership = Membership.objects.get(tenant_id=made.id)
    assert (membership.user.get_username(), membership.role) == ("peter", "admin")
    assert membership.user.check_password(PASSWORD)
    assert newest_event("initech").action == "create_tenant"


def test_an_admin_who_exists_keeps_their_password(world: World) -> None:
    create_tenant(ROOT, "initech", admin="alice", password="another-password")
    assert get_user_model().objects.get(username="alice").check_password(PASSWORD)


def test_a_slug_is_taken_once(world: World) -> None:
    with pytest.raises(Conflict, match="The slug 'acme' is taken"):
        create_tenant(ROOT, "acme", admin="peter", password=PASSWORD)
    assert not get_user_model().objects.filter(username="peter").exists()


def test_a_suspension_counts_at_the_next_request_of_every_old_token_and_session(world: World) -> None:
    by_key = world.client("acme")
    by_login = bearer(pair(APIClient(), username="alice", password=PASSWORD)["access"])
    by_session = APIClient()
    by_session.force_login(get_user_model().objects.get(username="alice"))
    urls = ["/api/v1/auth/whoami/", "/api/v1/spaces/", "/api/v1/spaces/acme_s1/", "/api/v1/spaces/acme_s1/memories/"]
    suspend_tenant(ROOT, "acme")
    answers = [problem(client.get(url)) for client in (by_key, by_login, by_session) for url in urls]
    assert answers == [(403, "tenant_suspended", None)] * 12
    resume_tenant(ROOT, "acme")
    assert {client.get(url).status_code for client in (by_key, by_login, by_session) for url in urls} == {200}


def test_a_suspension_leaves_other_tenants_alone(world: World) -> None:
    suspend_tenant(ROOT, "acme")
    assert world.client("globex").get("/api/v1/spaces/globex_s1/").status_code == 200


def test_a_suspension_leaves_the_memories_where_they_are(world: World) -> None:
    suspend_tenant(ROOT, "acme")
    resume_tenant(ROOT, "acme")
    listed = world.client("acme").get("/api/v1/spaces/acme_s1/memories/").json()["results"]
    assert [memory["id"] for memory in listed] == [world.memories["acme_s1"]]


def test_suspending_and_resuming_are_in_the_tenants_trail(world: World) -> None:
    suspend_tenant(ROOT, "acme")
    assert (newest_event("acme").actor_name, newest_event("acme").action) == ("root", "suspend_tenant")
    resume_tenant(ROOT, "acme")
    assert newest_event("acme").action == "resume_tenant"


@pytest.mark.parametrize("act", [create_tenant, suspend_tenant, resume_tenant])
def test_only_operators_make_suspend_and_resume(world: World, act: Any) -> None:
    acme = Tenant.objects.get(slug="acme")
    with pytest.raises(Refused, match="This needs an operator"):
        act(Caller(acme.id, Actor("member", "1", "alice"), None, Origin(), whole=True), "globex")
    assert set(Tenant.objects.values_list("slug", "status")) == {("acme", "active"), ("globex", "active")}


@pytest.mark.parametrize("act", [suspend_tenant, resume_tenant])
def test_a_tenant_that_does_not_exist_is_said_to_an_operator(database: None, act: Any) -> None:
    with pytest.raises(NotFound, match="There is no tenant 'initech'"):
        act(ROOT, "initech")
    assert not Tenant.objects.exists()
