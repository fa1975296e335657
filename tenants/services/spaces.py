"""Spaces: made, listed, described."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from tenants.callers import Caller
from tenants.errors import AccessWithdrawn, Conflict, Invalid, NotCovered, NotFound, Refused
from tenants.models import ApiKeySpace, Permission, Space, Tenant
from tenants.operations import Action, record
from tenants.queries import LiveSpace
from tenants.scope import tenant_tx
from tenants.services.access import held_permissions, live_spaces, open_space, require_admin


@dataclass(frozen=True, slots=True)
class SpaceView:
    """A space as one caller sees it; ``permissions`` is what that caller may do there now."""

    id: UUID
    name: str
    title: str
    description: str
    owner: str
    parent: str | None
    status: str
    permissions: list[str]
    embedding_model: str
    embedding_dimension: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSpace:
    """What a space is made from. Its vectors' model and dimension are fixed from the start, the server's own by default."""

    name: str
    title: str = ""
    description: str = ""
    parent: str | None = None
    embedding_model: str = settings.DEFAULT_EMBEDDING["model"]
    embedding_dimension: int = settings.DEFAULT_EMBEDDING["dimension"]


def list_spaces(caller: Caller) -> list[SpaceView]:
    spaces = [_view(caller, space) for space in live_spaces(caller)]
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.LIST_SPACES)
    return spaces


def read_space(caller: Caller, name: str) -> SpaceView:
    open_space(caller, name, Permission.READ)
    view = _seen(caller, name)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.READ_SPACE, space=name)
    return view


def create_space(caller: Caller, new: NewSpace, *, tenant_slug: str | None = None) -> SpaceView:
    """Make a space: an admin of the tenant anywhere in it, an application below a space that it manages.

    An application's key gets every permission on what it made; its next token names the new space.
    Raises ``Refused``, ``Invalid`` for a bad parent and ``Conflict`` for a taken name.
    """
    if caller.actor.kind == "key":
        if new.parent is None:
            raise Refused("An API key makes spaces below one that it manages; name that as 'parent'.", attr="parent")
        open_space(caller, new.parent, Permission.MANAGE)
    else:
        require_admin(caller)
    tenant = _tenant_of(caller, tenant_slug)
    parent = _parent_of(tenant, new.parent)
    with tenant_tx(tenant.id):
        try:
            with transaction.atomic():
                space = Space.objects.create(
                    tenant=tenant,
                    name=new.name,
                    title=new.title,
                    description=new.description,
                    parent=parent,
                    embedding_model=new.embedding_model,
                    embedding_dimension=new.embedding_dimension,
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
        owner=tenant.slug,
        parent=new.parent,
        status=space.status,
        permissions=sorted(Permission.values),
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
        created_at=space.created_at,
    )


def update_space(caller: Caller, name: str, *, title: str | None, description: str | None) -> SpaceView:
    """Change how a space is described; needs ``manage``."""
    scope = open_space(caller, name, Permission.MANAGE)
    changes = {key: value for key, value in {"title": title, "description": description}.items() if value is not None}
    with tenant_tx(caller.tenant_id):
        if changes:
            Space.objects.filter(id=scope.space_id).update(**changes)
        record(caller, Action.UPDATE_SPACE, target=", ".join(sorted(changes)), space=name)
    return _seen(caller, name)


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
        owner=space.owner,
        parent=space.parent,
        status=space.status,
        permissions=sorted(held_permissions(caller, space)),
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
        created_at=space.created_at,
    )


def _tenant_of(caller: Caller, tenant_slug: str | None) -> Tenant:
    found = Tenant.objects.filter(slug=tenant_slug) if tenant_slug else Tenant.objects.filter(id=caller.tenant_id)
    tenant = found.first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_slug!r}.")
    return tenant


def _parent_of(tenant: Tenant, name: str | None) -> Space | None:
    if name is None:
        return None
    parent = Space.objects.filter(tenant=tenant, name=name).exclude(status=Space.Status.ERASING).first()
    if parent is None:
        raise Invalid(f"'parent' is {name!r}; allowed: the name of one of the tenant's own spaces.", attr="parent")
    return parent
