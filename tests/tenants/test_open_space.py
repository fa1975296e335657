"""The one door into a space: every check it makes, and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.callers import Actor, Caller, Origin, operator
from tenants.errors import AccessWithdrawn, NotCovered, Refused, SpaceArchived, SpaceErasing, TenantSuspended
from tenants.limits import installation
from tenants.models import ApiKey, ApiKeySpace, Grant, Membership, Space, Tenant
from tenants.services.access import open_space
from tenants.services.sharing import share_space, withdraw_space
from tenants.services.tenants import resume_tenant, suspend_tenant
from tests.world import ALL, READ, READ_WRITE, World

Claims = Mapping[str, frozenset[str]]


def key_caller(name: str, claims: Claims) -> Caller:
    key = ApiKey.objects.get(name=name)
    return Caller(key.tenant_id, Actor("key", str(key.id), name), claims, Origin())


def member_caller(username: str, tenant: str, claims: Claims | None = None) -> Caller:
    user = get_user_model().objects.get(username=username)
    return Caller(Tenant.objects.get(slug=tenant).id, Actor("member", str(user.pk), username), claims, Origin())


def test_it_gives_leave_to_work_in_the_space(world: World) -> None:
    caller, space = key_caller("acme", {"acme_s1": ALL}), Space.objects.get(name="acme_s1")
    scope = open_space(caller, "acme_s1", "read")
    assert (scope.space_id, scope.space) == (space.id, "acme_s1")
    assert (scope.tenant_id, scope.actor, scope.origin) == (caller.tenant_id, caller.actor, caller.origin)
    assert scope.permissions == ALL
    assert scope.limits == installation().limits
    assert (scope.embedding_model, scope.embedding_dimension) == (space.embedding_model, space.embedding_dimension)


def test_a_scope_cannot_be_changed(world: World) -> None:
    scope = open_space(key_caller("acme", {"acme_s1": READ}), "acme_s1", "read")
    with pytest.raises(FrozenInstanceError):
        scope.space_id = scope.tenant_id  # type: ignore[misc]


def test_it_costs_one_query(world: World) -> None:
    caller = key_caller("acme", {"acme_s1": ALL})
    with CaptureQueriesContext(connection) as queries:
        open_space(caller, "acme_s1", "read")
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("key", "claimed", "held"),
    [
        ("acme", READ, READ),
        ("acme_s1", ALL, READ_WRITE),
        ("acme_s1_read", READ_WRITE, READ),
        ("acme", READ_WRITE, READ_WRITE),
    ],
)
def test_it_gives_no_more_than_both_the_token_and_the_key_hold(
    world: World, key: str, claimed: frozenset[str], held: frozenset[str]
) -> None:
    assert open_space(key_caller(key, {"acme_s1": claimed}), "acme_s1", "read").permissions == held


def test_a_grant_bounds_what_the_guests_key_holds(world: World) -> None:
    share_space(operator("tests"), "acme_shared", "globex", write=True)
    ApiKeySpace.objects.filter(key__name="globex", space__name="acme_shared").update(permissions=sorted(ALL))
    scope = open_space(key_caller("globex", {"acme_shared": ALL}), "acme_shared", "write")
    assert scope.permissions == READ_WRITE
    assert scope.tenant_id == Tenant.objects.get(slug="globex").id


@pytest.mark.parametrize(
    "name", ["acme_s10", "acme_s", "acme_s1 ", "ACME_S1", "acme_s%", "globex_s1", "no_such_space", ""]
)
def test_a_space_that_the_token_does_not_name_is_not_covered(world: World, name: str) -> None:
    with pytest.raises(NotCovered):
        open_space(key_caller("acme", {"acme_s1": ALL}), name, "read")


def test_a_member_is_not_covered_beyond_their_tenants_spaces(world: World) -> None:
    with pytest.raises(NotCovered):
        open_space(member_caller("charlie", "globex"), "acme_s1", "read")
    with pytest.raises(NotCovered):
        open_space(member_caller("charlie", "globex"), "no_such_space", "read")


def test_a_member_of_another_tenant_is_nobody_in_this_one(world: World) -> None:
    with pytest.raises(NotCovered):
        open_space(member_caller("charlie", "acme"), "acme_s1", "read")
    with pytest.raises(AccessWithdrawn):
        open_space(member_caller("charlie", "acme", {"acme_s1": ALL}), "acme_s1", "read")


def test_a_key_of_another_tenant_is_nothing_in_this_one(world: World) -> None:
    globex = key_caller("globex", {"acme_s1": ALL})
    stolen = Caller(Tenant.objects.get(slug="acme").id, globex.actor, globex.claims, Origin())
    with pytest.raises(AccessWithdrawn):
        open_space(globex, "acme_s1", "read")
    with pytest.raises(AccessWithdrawn):
        open_space(stolen, "acme_s1", "read")


@pytest.mark.parametrize("permission", ["write", "manage"])
def test_a_permission_that_was_never_claimed_is_refused_by_name(world: World, permission: str) -> None:
    with pytest.raises(Refused, match=f"This needs the permission '{permission}' on the space 'acme_s1'") as refusal:
        open_space(key_caller("acme", {"acme_s1": READ}), "acme_s1", permission)
    assert refusal.value.get_codes() == "permission_denied"


def test_a_permission_that_was_claimed_and_is_gone_was_withdrawn(world: World) -> None:
    ApiKeySpace.objects.filter(key__name="acme_s1").update(permissions=["read"])
    with pytest.raises(AccessWithdrawn):
        open_space(key_caller("acme_s1", {"acme_s1": READ_WRITE}), "acme_s1", "write")


def test_a_members_role_counts_as_it_is_now(world: World) -> None:
    bob = member_caller("bob", "acme")
    assert open_space(bob, "acme_s1", "read").permissions == READ
    Membership.objects.filter(user__username="bob").update(role=Membership.Role.ADMIN)
    assert open_space(bob, "acme_s1", "manage").permissions == ALL


def withdraw_the_grant() -> None:
    withdraw_space(operator("tests"), "acme_shared", "globex")


def revoke_the_key() -> None:
    ApiKey.objects.filter(name="globex").update(revoked_at=timezone.now())


def end_the_key() -> None:
    ApiKey.objects.filter(name="globex").update(expires_at=timezone.now())


def delete_the_key() -> None:
    ApiKey.objects.filter(name="globex").delete()


def take_the_space_from_the_key() -> None:
    ApiKeySpace.objects.filter(key__name="globex", space__name="acme_shared").delete()


@pytest.mark.parametrize(
    "withdraw", [withdraw_the_grant, revoke_the_key, end_the_key, delete_the_key, take_the_space_from_the_key]
)
def test_what_is_withdrawn_counts_at_the_next_request(world: World, withdraw: Callable[[], None]) -> None:
    caller = key_caller("globex", {"acme_shared": READ})
    assert open_space(caller, "acme_shared", "read")
    withdraw()
    with pytest.raises(AccessWithdrawn):
        open_space(caller, "acme_shared", "read")


def test_what_is_granted_again_counts_at_the_next_request(world: World) -> None:
    caller = key_caller("globex", {"acme_shared": READ})
    withdraw_the_grant()
    share_space(operator("tests"), "acme_shared", "globex")
    assert open_space(caller, "acme_shared", "read")


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_a_shared_space_is_closed_while_either_tenant_is_suspended(world: World, tenant: str) -> None:
    caller = key_caller("globex", {"acme_shared": READ})
    suspend_tenant(operator("tests"), tenant)
    with pytest.raises(TenantSuspended):
        open_space(caller, "acme_shared", "read")
    resume_tenant(operator("tests"), tenant)
    assert open_space(caller, "acme_shared", "read")


def test_a_suspended_tenant_is_told_so_whatever_it_asks_for(world: World) -> None:
    suspend_tenant(operator("tests"), "globex")
    Grant.objects.all().delete()
    with pytest.raises(TenantSuspended):
        open_space(key_caller("globex", {"acme_shared": READ}), "acme_shared", "read")
    with pytest.raises(TenantSuspended):
        open_space(member_caller("charlie", "globex"), "acme_s1", "read")


@pytest.mark.parametrize(
    ("status", "error"), [(Space.Status.ARCHIVED, SpaceArchived), (Space.Status.ERASING, SpaceErasing)]
)
def test_a_closed_space_says_how_it_is_closed(world: World, status: str, error: type[Refused]) -> None:
    Space.objects.filter(name="acme_s1").update(status=status)
    with pytest.raises(error):
        open_space(key_caller("acme", {"acme_s1": ALL}), "acme_s1", "read")
    with pytest.raises(error):
        open_space(member_caller("alice", "acme"), "acme_s1", "read")


def test_nobody_but_keys_and_members_holds_anything(world: World) -> None:
    acme = Tenant.objects.get(slug="acme").id
    for_operator = Caller(acme, operator("root").actor, None, Origin())
    anonymous = Caller(acme, Actor("anonymous", "", "anonymous"), None, Origin())
    with pytest.raises(NotCovered):
        open_space(for_operator, "acme_s1", "read")
    with pytest.raises(NotCovered):
        open_space(anonymous, "acme_s1", "read")
