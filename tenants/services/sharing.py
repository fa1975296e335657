"""Sharing a space with another tenant, or inside its own with a team or a member; and taking that back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound
from tenants.models import Grant, Membership, Permission, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import managed_space, require_operator
from tenants.services.hierarchy import team_named
from tenants.services.tenants import lock_tenant

Kind = Literal["tenant", "team", "member"]


@dataclass(frozen=True, slots=True)
class GrantView:
    """Exactly one of ``tenant``, ``team`` (slugs) and ``member`` (a username) is set."""

    id: UUID
    space: str
    tenant: str | None
    team: str | None
    member: str | None
    permissions: list[str]
    created_at: datetime


def list_grants(caller: Caller, name: str) -> list[GrantView]:
    """Whom a space is shared with, archived or not, oldest grant first; needs ``manage``, in the space's own tenant."""
    space = managed_space(caller, name, archived=True)
    with tenant_tx(caller.tenant_id, durable=False):
        grants = Grant.objects.filter(space=space).select_related("tenant", "team", "membership__user")
        views = [_view(space, grant) for grant in grants.order_by("created_at", "id")]
        record(caller, Action.LIST_GRANTS, space=name)
    return views


def grant_space(
    caller: Caller, name: str, kind: Kind, grantee: str, permissions: Iterable[str]
) -> tuple[GrantView, bool]:
    """Share a space, and say whether that is new; granting again replaces what was granted.

    Needs ``manage``, in the space's own tenant. Raises ``Invalid`` for a grantee that there is not, or not in this tenant.
    """
    space = managed_space(caller, name)
    return _grant(caller, space, kind, grantee, sorted(set(permissions)))


def withdraw_grant(caller: Caller, name: str, grant_id: UUID) -> None:
    """Take a grant back, of an archived space too; it counts from the grantee's next request. Needs ``manage``.

    Raises ``NotFound``.
    """
    space = managed_space(caller, name, archived=True)
    with tenant_tx(caller.tenant_id):
        grants = Grant.objects.select_related("tenant", "team", "membership__user")
        grant = grants.filter(id=grant_id, space=space).first()
        if grant is None:
            raise NotFound(f"There is no grant {grant_id} of the space {name!r}.")
        view = _view(space, grant)
        grant.delete()
        record(caller, Action.WITHDRAW_SPACE, target=f"{name} from {_grantee(view)}", space=name)


def share_space(caller: Caller, name: str, tenant_slug: str, *, write: bool = False) -> GrantView:
    """An operator's grant of a space to another tenant: to read, or to read and write.

    Raises ``Refused`` for all but operators, ``NotFound`` and ``Invalid``.
    """
    require_operator(caller)
    space, _ = _both(name, tenant_slug)
    permissions = [Permission.READ.value, Permission.WRITE.value] if write else [Permission.READ.value]
    view, _ = _grant(caller, space, "tenant", tenant_slug, permissions)
    return view


def withdraw_space(caller: Caller, name: str, tenant_slug: str) -> None:
    """An operator's taking back of a grant to another tenant; raises ``Refused`` for all but operators, and ``NotFound``."""
    require_operator(caller)
    space, tenant = _both(name, tenant_slug)
    with tenant_tx(space.tenant_id):
        withdrawn, _ = Grant.objects.filter(space=space, tenant=tenant).delete()
        if not withdrawn:
            raise NotFound(f"The space {name!r} is not shared with {tenant_slug!r}.")
        caller = caller.acting_for(space.tenant_id)
        record(caller, Action.WITHDRAW_SPACE, target=f"{name} from tenant {tenant_slug}", space=name)


def _grant(caller: Caller, space: Space, kind: Kind, grantee: str, permissions: list[str]) -> tuple[GrantView, bool]:
    with tenant_tx(space.tenant_id):
        # A member who is leaving, or a team that is being dissolved, is gone once this is held.
        lock_tenant(space.tenant_id)
        grant, created = Grant.objects.update_or_create(
            space=space, **_column(space, kind, grantee), defaults={"permissions": permissions}
        )
        view = _view(space, grant)
        target = f"{space.name} with {_grantee(view)}: {', '.join(permissions)}"
        record(caller.acting_for(space.tenant_id), Action.SHARE_SPACE, target=target, space=space.name)
    return view, created


def _column(space: Space, kind: Kind, name: str) -> dict[str, Any]:
    if kind == "tenant":
        return {"tenant": _other_tenant(space, name)}
    if kind == "team":
        return {"team": team_named(space.tenant_id, name)}
    return {"membership": _own_member(space, name)}


def _other_tenant(space: Space, slug: str) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise Invalid(f"There is no tenant {slug!r}.", "unknown_tenant", "tenant")
    if tenant.id == space.tenant_id:
        raise Invalid(f"The space {space.name!r} belongs to {slug!r} already.", "own_tenant", "tenant")
    return tenant


def _own_member(space: Space, username: str) -> Membership:
    members = Membership.objects.filter(tenant_id=space.tenant_id).select_related("user")
    membership = members.filter(user__username=username).first()
    if membership is None:
        raise Invalid(f"The space's tenant has no member {username!r}.", "unknown_member", "member")
    return membership


def _both(name: str, tenant_slug: str) -> tuple[Space, Tenant]:
    space = Space.objects.filter(name=name).first()
    if space is None:
        raise NotFound(f"There is no space {name!r}.")
    tenant = Tenant.objects.filter(slug=tenant_slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_slug!r}.")
    return space, tenant


def _grantee(view: GrantView) -> str:
    named = {"tenant": view.tenant, "team": view.team, "member": view.member}
    return next(f"{kind} {name}" for kind, name in named.items() if name is not None)


def _view(space: Space, grant: Grant) -> GrantView:
    return GrantView(
        id=grant.id,
        space=space.name,
        tenant=grant.tenant.slug if grant.tenant else None,
        team=grant.team.slug if grant.team else None,
        member=grant.membership.user.get_username() if grant.membership else None,
        permissions=sorted(grant.permissions),
        created_at=grant.created_at,
    )
