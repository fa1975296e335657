"""The one door into a space."""

from collections.abc import Iterator
from contextlib import contextmanager

from tenants import queries
from tenants.callers import Caller
from tenants.errors import AccessWithdrawn, NotCovered, NotFound, Refused, SpaceArchived, SpaceErasing, TenantSuspended
from tenants.models import Permission, Space, Tenant
from tenants.queries import LiveCaller, LiveSpace
from tenants.scope import SpaceScope
from tenants.services import limiter


def open_space(caller: Caller, name: str, permission: str, *, archived: bool = False) -> SpaceScope:
    """Check the token's claim, then what is live (grant, key or membership, tenant, space), and give leave to work in a space.

    Raises ``NotCovered`` (the same whether or not the space exists), ``AccessWithdrawn``, ``TenantSuspended``,
    ``SpaceErasing``, ``Refused``, or unless ``archived`` is let in, ``SpaceArchived``. Costs one query.
    """
    claimed = _claimed(caller, name)
    rows = queries.live_access(caller, [name])
    if not rows:
        raise _no_access(caller)
    (space,) = rows
    _check_status(space, archived=archived)
    held = space.permissions if claimed is None else space.permissions & claimed
    if not held or (claimed is not None and permission in claimed and permission not in held):
        raise AccessWithdrawn
    scope = SpaceScope(
        space_id=space.id,
        space=space.name,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        permissions=held,
        limits=space.limits,
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
        origin=caller.origin,
    )
    scope.require(permission)
    return scope


@contextmanager
def entered(caller: Caller, name: str, permission: str) -> Iterator[SpaceScope]:
    """Through the door, and within the space's limits: a place for as long as the block runs, and one operation's rate.

    Raises ``Limited``, and what ``open_space`` does.
    """
    scope = open_space(caller, name, permission)
    with limiter.occupy(scope):
        limiter.spend(scope)
        yield scope


def managed_space(caller: Caller, name: str, *, archived: bool = False) -> Space:
    """A space of the caller's own tenant that it may manage. Raises as ``open_space`` does."""
    scope = open_space(caller, name, Permission.MANAGE, archived=archived)
    space = Space.objects.filter(id=scope.space_id, tenant_id=caller.tenant_id).first()
    if space is None:
        raise Refused(f"The space {name!r} belongs to another tenant, which alone manages it.")
    return space


def live_spaces(caller: Caller) -> list[LiveSpace]:
    """Every space that the caller may touch now, with the permissions left of its claim and its live access."""
    require_live(caller)
    if caller.claims is None:
        return [space for space in queries.live_access(caller, None) if space.permissions]
    return [
        space
        for space in queries.live_access(caller, sorted(caller.claims))
        if space.permissions & caller.claims[space.name]
    ]


def held_permissions(caller: Caller, space: LiveSpace) -> frozenset[str]:
    return space.permissions if caller.claims is None else space.permissions & caller.claims[space.name]


def is_open(caller: Caller, space: LiveSpace, permission: str = Permission.READ) -> bool:
    """Would ``open_space`` let the caller in, of whom ``live_spaces`` named the space?"""
    statuses = (space.tenant_status, space.owner_status, space.status)
    return statuses == (
        Tenant.Status.ACTIVE,
        Tenant.Status.ACTIVE,
        Space.Status.ACTIVE,
    ) and permission in held_permissions(caller, space)


def require_live(caller: Caller) -> LiveCaller:
    """The caller's tenant, if it is active and the key or membership behind the token still stands."""
    live = queries.live_caller(caller)
    if live is not None and live.status == Tenant.Status.SUSPENDED:
        raise TenantSuspended
    if live is None or not live.is_live:
        raise AccessWithdrawn("The key or membership behind this token has been withdrawn.")
    return live


def require_admin(caller: Caller) -> None:
    """Tenant administration is for members who are admins, and for operators at the shell."""
    if caller.actor.kind == "operator":
        return
    require_live(caller)
    if caller.actor.kind != "member" or not queries.is_admin(caller):
        raise Refused("This needs an admin of the tenant.")
    _require_whole(caller)


def require_member(caller: Caller) -> None:
    """Who is in a tenant is for its members to see, and for operators at the shell."""
    if caller.actor.kind == "operator":
        return
    require_live(caller)
    if caller.actor.kind != "member":
        raise Refused("This needs a member of the tenant.")
    _require_whole(caller)


def require_operator(caller: Caller) -> None:
    """The installation as a whole is for its operators."""
    if caller.actor.kind != "operator":
        raise Refused("This needs an operator of the installation.")


def administered(caller: Caller, tenant_slug: str | None = None) -> Tenant:
    """The tenant that a caller administers: an admin's own, or the one that an operator names.

    Raises ``Refused`` and, for an operator, ``NotFound``.
    """
    require_admin(caller)
    return tenant_of(caller, tenant_slug)


def tenant_of(caller: Caller, tenant_slug: str | None = None) -> Tenant:
    """The tenant that a caller acts in: its own whatever is named, or the one that an operator names; raises ``NotFound``."""
    tenants = Tenant.objects.all()
    by_name = caller.actor.kind == "operator"
    tenant = (tenants.filter(slug=tenant_slug) if by_name else tenants.filter(id=caller.tenant_id)).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_slug!r}.")
    return tenant


def _require_whole(caller: Caller) -> None:
    if not caller.whole:
        raise Refused("This token was narrowed to spaces; exchange the login without 'spaces' for one that does this.")


def _claimed(caller: Caller, name: str) -> frozenset[str] | None:
    if caller.claims is None:
        return None
    if name not in caller.claims:
        raise NotCovered
    return caller.claims[name]


def _no_access(caller: Caller) -> Refused:
    live = queries.live_caller(caller)
    if live is not None and live.status == Tenant.Status.SUSPENDED:
        return TenantSuspended()
    # A member's session claims nothing by name, so a space out of its reach was never covered.
    return NotCovered() if caller.claims is None else AccessWithdrawn()


def _check_status(space: LiveSpace, *, archived: bool) -> None:
    if Tenant.Status.SUSPENDED in {space.tenant_status, space.owner_status}:
        raise TenantSuspended
    if space.status == Space.Status.ARCHIVED and not archived:
        raise SpaceArchived
    if space.status == Space.Status.ERASING:
        raise SpaceErasing
