"""Sharing a space with another tenant, and taking that back."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.callers import Actor, Caller, Origin, operator
from tenants.errors import Invalid, NotFound, Refused
from tenants.models import Grant, Tenant
from tenants.services.keys import create_key
from tenants.services.sharing import share_space, withdraw_space
from tests.tenants.asking import bearer, newest_event, pair, problem
from tests.world import READ_WRITE, World

ROOT = operator("root")
URL = "/api/v1/spaces/acme_shared/memories/"


def test_a_guest_reads_and_does_not_write(world: World) -> None:
    client = world.client("globex")
    assert client.get(URL).status_code == 200
    assert problem(client.post(URL, {"content": "Mine."}, format="json")) == (403, "permission_denied", None)


def test_a_guest_writes_where_it_was_said(world: World) -> None:
    grant = share_space(ROOT, "acme_s1", "globex", write=True)
    assert (grant.space, grant.tenant, grant.permissions) == ("acme_s1", "globex", ["read", "write"])
    key = create_key(ROOT, "globex", {"acme_s1": READ_WRITE}, name="guest").api_key
    client = bearer(pair(APIClient(), api_key=key)["access"])
    assert client.post("/api/v1/spaces/acme_s1/memories/", {"content": "A guest's."}, format="json").status_code == 201


def test_a_grant_gives_no_key_of_the_guest_anything_by_itself(world: World) -> None:
    share_space(ROOT, "acme_s1", "globex", write=True)
    assert problem(world.client("globex").get("/api/v1/spaces/acme_s1/")) == (403, "space_not_covered", None)


def test_sharing_again_replaces_what_was_granted(world: World) -> None:
    share_space(ROOT, "acme_shared", "globex", write=True)
    share_space(ROOT, "acme_shared", "globex")
    assert [grant.permissions for grant in Grant.objects.filter(space__name="acme_shared")] == [["read"]]


def test_a_withdrawn_grant_counts_at_the_next_request_of_an_old_token(world: World) -> None:
    client = world.client("globex")
    assert client.get(URL).status_code == 200
    withdraw_space(ROOT, "acme_shared", "globex")
    assert problem(client.get(URL)) == (403, "access_withdrawn", None)
    share_space(ROOT, "acme_shared", "globex")
    assert client.get(URL).status_code == 200


def test_sharing_and_withdrawing_are_in_the_owners_trail(world: World) -> None:
    share_space(ROOT, "acme_s1", "globex")
    assert (newest_event("acme").action, newest_event("acme").target) == (
        "share_space",
        "acme_s1 with tenant globex: read",
    )
    withdraw_space(ROOT, "acme_s1", "globex")
    assert (newest_event("acme").action, newest_event("acme").target) == (
        "withdraw_space",
        "acme_s1 from tenant globex",
    )


def test_a_space_is_not_shared_with_its_own_tenant(world: World) -> None:
    with pytest.raises(Invalid, match="The space 'acme_s1' belongs to 'acme' already"):
        share_space(ROOT, "acme_s1", "acme")


@pytest.mark.parametrize("act", [share_space, withdraw_space])
@pytest.mark.parametrize(
    ("space", "tenant", "sentence"),
    [
        ("no_such_space", "globex", "There is no space 'no_such_space'"),
        ("acme_s1", "initech", "There is no tenant 'initech'"),
    ],
)
def test_what_does_not_exist_is_said_to_an_operator(
    world: World, act: Any, space: str, tenant: str, sentence: str
) -> None:
    with pytest.raises(NotFound, match=sentence):
        act(ROOT, space, tenant)


@pytest.mark.parametrize("act", [share_space, withdraw_space])
def test_only_operators_share_what_is_not_their_own(world: World, act: Any) -> None:
    globex = Tenant.objects.get(slug="globex")
    with pytest.raises(Refused, match="This needs an operator"):
        act(Caller(globex.id, Actor("member", "1", "charlie"), None, Origin(), whole=True), "acme_shared", "globex")
    assert Grant.objects.get(space__name="acme_shared").permissions == ["read"]


def test_what_is_not_shared_cannot_be_withdrawn(world: World) -> None:
    with pytest.raises(NotFound, match="The space 'acme_s1' is not shared with 'globex'"):
        withdraw_space(ROOT, "acme_s1", "globex")
