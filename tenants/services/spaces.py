"""Spaces: made, listed, described, moved, archived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from tenants import queries
from tenants.callers import Caller
from tenants.errors import AccessWithdrawn, Conflict, Invalid, NotCovered, NotFound, Refused, SpaceErasing
from tenants.models import ApiKeySpace, Permission, Space
from tenants.operations import Action, record
from tenants.queries import LiveSpace
from tenants.scope import tenant_tx
from tenants.services.access import (
    held_permissions,
    live_spaces,
    managed_space,
    open_space,
    require_admin,
    require_operator,
    tenant_of,
)
from tenants.services.hierarchy import parent_named, placed, team_named
from tenants.services.tenants import lock_tenant

CURRENT, CHANGING = "current", "changing"
# Below every memory's id.
NONE_REREAD = UUID(int=0)


@dataclass(frozen=True, slots=True)
class SpaceView:
    """A space as one caller sees it; ``permissions`` is what that caller may do there now.

    ``text_search_status`` is ``current``, or ``changing`` while a worker reads the words of what it held before anew.
    """

    id: UUID
    name: str
    title: str
    description: str
    owner_id: UUID
    owner: str
    parent: str | None
    team: str | None
    status: str
    permissions: list[str]
    embedding_model: str
    embedding_dimension: int
    text_search: str
    text_search_status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """A space in an operator's list; ``limits`` are those that it has of its own."""

    name: str
    tenant: str
    parent: str | None
    team: str | None
    status: str
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NewSpace:
    """What a space is made from. Its vectors' model and dimension are fixed from the start, the server's own by default."""

    name: str
    title: str = ""
    description: str = ""
    parent: str | None = None
    team: str | None = None
    embedding_model: str = settings.DEFAULT_EMBEDDING["model"]
    embedding_dimension: int = settings.DEFAULT_EMBEDDING["dimension"]
    text_search: str = "english"


def list_spaces(caller: Caller) -> list[SpaceView]:
    spaces = [_view(caller, space) for space in live_spaces(caller)]
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.LIST_SPACES)
    return spaces


def list_all_spaces(caller: Caller, tenant_slug: str | None = None) -> list[SpaceEntry]:
    """The installation's spaces by tenant and name, or one tenant's, for an operator. Raises ``Refused`` and ``NotFound``."""
    require_operator(caller)
    listed = Space.objects.select_related("tenant", "parent", "team").order_by("tenant__slug", "name")
    if tenant_slug is not None:
        caller = caller.acting_for(tenant_of(caller, tenant_slug).id)
        listed = listed.filter(tenant__slug=tenant_slug)
    with tenant_tx(caller.tenant_id, durable=False):
        entries = [
            SpaceEntry(
                name=space.name,
                tenant=space.tenant.slug,
                parent=space.parent.name if space.parent else None,
                team=space.team.slug if space.team else None,
                status=space.status,
                limits=space.limits,
            )
            for space in listed
        ]
        record(caller, Action.LIST_SPACES)
    return entries


def read_space(caller: Caller, name: str) -> SpaceView:
    open_space(caller, name, Permission.READ, archived=True)
    view = _seen(caller, name)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.READ_SPACE, space=name)
    return view


def create_space(caller: Caller, new: NewSpace, *, tenant_slug: str | None = None) -> SpaceView:
    """Make a space: an admin of the tenant anywhere in it, an application below a space that it manages, without a team.

    An application's key gets every permission on what it made; its next token names the new space.
    Raises ``Refused``, ``Invalid`` for a parent or team that will not do, and ``Conflict`` for a taken name.
    """
    if caller.actor.kind == "key":
        _require_manage_of_parent(caller, new.parent)
        if new.team is not None:
            raise _team_refused()
    else:
        require_admin(caller)
    _check_text_search(new.text_search)
    tenant = tenant_of(caller, tenant_slug)
    with tenant_tx(tenant.id):
        lock_tenant(tenant.id)
        parent, team = parent_named(tenant.id, new.parent), team_named(tenant.id, new.team)
        try:
            with transaction.atomic():
                space = Space.objects.create(
                    tenant=tenant,
                    name=new.name,
                    title=new.title,
                    description=new.description,
                    parent=parent,
                    team=team,
                    embedding_model=new.embedding_model,
                    embedding_dimension=new.embedding_dimension,
                    text_search=new.text_search,
                )
        except IntegrityError as error:
            raise Conflict(f"The name {new.name!r} is taken.", "name_taken", "name") from error
        if caller.actor.kind == "key":
            ApiKeySpace.objects.create(key_id=caller.actor.id, space=space, permissions=Permission.values)
        record(caller.acting_for(tenant.id), Action.CREATE_SPACE, target=new.name, space=new.name)
    return SpaceView(
        id=space.id,
        name=space.name,
        title=space.title,
        description=space.description,
        owner_id=tenant.id,
        owner=tenant.slug,
        parent=new.parent,
        team=new.team,
        status=space.status,
        permissions=sorted(Permission.values),
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
        text_search=space.text_search,
        text_search_status=CURRENT,
        created_at=space.created_at,
    )


def update_space(caller: Caller, name: str, changes: Mapping[str, Any]) -> SpaceView:
    """Change some of ``title description parent team status text_search``; ``None`` is no parent, and no team. Needs ``manage``.

    A space moves as it is made: by an admin anywhere in the tenant; by an application, a member with ``manage``, or an admin's
    token that was narrowed to spaces, below a space that it manages too. Its team is the admins' to choose.
    What words the space holds is read by another ``text_search`` by a worker.
    Raises ``Refused``, ``Invalid`` for a parent, team or text search that will not do, and ``Conflict`` for an active space below
    an archived one.
    """
    opened = managed_space(caller, name, archived=True)
    if changes.keys() & {"parent", "team"} and not (caller.whole and queries.is_admin(caller)):
        if "team" in changes:
            raise _team_refused()
        _require_manage_of_parent(caller, changes["parent"])
    if "text_search" in changes:
        _check_text_search(changes["text_search"])
    _change(caller, opened.id, name, changes)
    return _seen(caller, name)


def administer_space(operator: Caller, name: str, changes: Mapping[str, Any]) -> None:
    """Change some of ``title description parent team status`` of any tenant's space, by the same rules, in its tenant's trail.

    Raises ``Refused`` for all but operators, ``NotFound``, ``SpaceErasing``, and what ``update_space`` does.
    """
    require_operator(operator)
    space = Space.objects.filter(name=name).first()
    if space is None:
        raise NotFound(f"There is no space {name!r}.")
    _change(operator.acting_for(space.tenant_id), space.id, name, changes)


def _change(caller: Caller, space_id: UUID, name: str, changes: Mapping[str, Any]) -> None:
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        standing = Space.objects.select_for_update(of=("self",), no_key=True).exclude(status=Space.Status.ERASING)
        space = standing.select_related("parent").filter(id=space_id).first()
        # It may have begun to be erased since it was opened.
        if space is None:
            raise SpaceErasing
        columns = placed(space, changes)
        if columns.get("text_search", space.text_search) != space.text_search:
            columns["reread_to"] = NONE_REREAD
        if columns:
            Space.objects.filter(id=space.id).update(**columns)
        record(caller, Action.UPDATE_SPACE, target=", ".join(sorted(changes)), space=name)


def _check_text_search(name: str) -> None:
    allowed = queries.text_searches()
    if name not in allowed:
        raise Invalid(
            f"'text_search' is {name!r}; allowed: {', '.join(allowed)}.", "unknown_text_search", "text_search"
        )


def _require_manage_of_parent(caller: Caller, parent: str | None) -> None:
    if parent is None:
        raise Refused("This token works below a space that it manages; name that as 'parent'.", attr="parent")
    open_space(caller, parent, Permission.MANAGE)


def _team_refused() -> Refused:
    # A team reads all that stands above its spaces, which goes further than whoever manages one of them may reach.
    return Refused(
        "Whose team a space is needs an admin of the tenant, with a token that is not narrowed to spaces.", attr="team"
    )


def _seen(caller: Caller, name: str) -> SpaceView:
    for space in live_spaces(caller):
        if space.name == name:
            return _view(caller, space)
    raise NotCovered if caller.claims is None else AccessWithdrawn


def _view(caller: Caller, space: LiveSpace) -> SpaceView:
    return SpaceView(
        id=space.id,
        name=space.name,
        title=space.title,
        description=space.description,
        owner_id=space.owner_id,
        owner=space.owner,
        parent=space.parent,
        team=space.team,
        status=space.status,
        permissions=sorted(held_permissions(caller, space)),
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
        text_search=space.text_search,
        text_search_status=CHANGING if space.is_reread else CURRENT,
        created_at=space.created_at,
    )
