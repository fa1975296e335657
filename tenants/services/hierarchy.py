"""Where a tenant's spaces stand: below which other one, of which team, archived or not.

What is asked here must still be so when it is written: callers hold ``lock_tenant``.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.errors import Conflict, Invalid
from tenants.models import Space, Team

_MOST_NAMED = 20


def parent_named(tenant_id: UUID, name: str | None) -> Space | None:
    """The space that others may stand below; raises ``Invalid`` unless it is the tenant's own, and active."""
    if name is None:
        return None
    parent = Space.objects.filter(tenant_id=tenant_id, name=name).exclude(status=Space.Status.ERASING).first()
    if parent is None:
        raise Invalid(
            f"'parent' is {name!r}; allowed: the name of one of the tenant's own spaces.", "unknown_parent", "parent"
        )
    if parent.status == Space.Status.ARCHIVED:
        raise Invalid(
            f"'parent' is {name!r}, which is archived; allowed: an active space.", "parent_archived", "parent"
        )
    return parent


def team_named(tenant_id: UUID, slug: str | None) -> Team | None:
    """The team that spaces may belong to; raises ``Invalid`` unless it is the tenant's own."""
    if slug is None:
        return None
    team = Team.objects.filter(tenant_id=tenant_id, slug=slug).first()
    if team is None:
        raise Invalid(
            f"'team' is {slug!r}; allowed: the slug of one of the tenant's own teams.", "unknown_team", "team"
        )
    return team


def placed(space: Space, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns behind changes of ``parent team status``; what else changes is passed through.

    Raises ``Invalid`` for a parent or team that will not do, and ``Conflict`` for an active space below an archived one.
    """
    columns = dict(changes)
    if "parent" in changes:
        columns["parent"] = parent_named(space.tenant_id, changes["parent"])
        _check_no_circle(space, columns["parent"])
    if "team" in changes:
        columns["team"] = team_named(space.tenant_id, changes["team"])
    status = changes.get("status", space.status)
    if status == Space.Status.ARCHIVED:
        _check_no_active_children(space)
    elif space.status == Space.Status.ARCHIVED:
        _check_may_return(space, columns.get("parent", space.parent))
    return columns


def naming(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED:,} more"


def _check_no_circle(space: Space, parent: Space | None) -> None:
    if parent is None:
        return
    above = dict(Space.objects.filter(tenant_id=space.tenant_id).values_list("id", "parent_id"))
    at: UUID | None = parent.id
    while at is not None:
        if at == space.id:
            raise Invalid(
                f"'parent' is {parent.name!r}, which is {space.name!r} or below it; that would be a circle.",
                "circle",
                "parent",
            )
        at = above.pop(at, None)


def _check_no_active_children(space: Space) -> None:
    children = Space.objects.filter(parent=space, status=Space.Status.ACTIVE).order_by("name")
    names = list(children.values_list("name", flat=True))
    if names:
        raise Conflict(
            f"Below {space.name!r} stand active spaces: {naming(names)}. Archive or move them first.",
            "has_active_children",
            "status",
        )


def _check_may_return(space: Space, parent: Space | None) -> None:
    if parent is not None and parent.status != Space.Status.ACTIVE:
        raise Conflict(
            f"{space.name!r} stands below {parent.name!r}, which is {parent.status}; let that one return first, or move this.",
            "parent_archived",
            "status",
        )
