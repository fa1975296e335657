"""Erasing a space: asked for here, done by workers in small steps, reported when the space is long gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from tenants.callers import Caller
from tenants.errors import Conflict, SpaceErasing
from tenants.models import Erasure, Space
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.queries import is_admin
from tenants.scope import SpaceScope, tenant_tx
from tenants.services.access import managed_space, require_live
from tenants.services.hierarchy import naming
from tenants.services.tenants import lock_tenant

# The newest that a list shows.
MOST_LISTED = 100
LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ErasureView:
    """``memories`` is how many there were when it began (``None`` before), ``erased`` the rows deleted so far, by table; a table
    that is not named has still its turn."""

    id: UUID
    space: str
    requested_by: str
    requested_at: datetime
    memories: int | None
    erased: Mapping[str, int]
    finished_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Is it not done, although workers have had the time for most spaces?"""
        return self.finished_at is None and timezone.now() - self.requested_at > LATE


def erase_space(caller: Caller, name: str) -> ErasureView:
    """Close a space to everybody and have a worker delete all that it holds, and then itself. Needs ``manage``.

    Raises ``Conflict`` while other spaces stand below it, and as ``open_space`` does.
    """
    opened = managed_space(caller, name, archived=True)
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        _check_no_children(opened)
        standing = Space.objects.filter(id=opened.id).exclude(status=Space.Status.ERASING)
        # Somebody else may have asked since it was opened.
        if not standing.update(status=Space.Status.ERASING):
            raise SpaceErasing
        erasure = Erasure.objects.create(
            tenant_id=caller.tenant_id,
            space_id=opened.id,
            space=name,
            requester_id=caller.actor.id,
            requested_by=caller.actor.name,
        )
        record(caller, Action.ERASE_SPACE, target=name, space=name)
    return _view(erasure)


def list_erasures(caller: Caller) -> list[ErasureView]:
    """``erasures`` for somebody who comes to look: recorded, as their refreshing is not."""
    listed = erasures(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.LIST_ERASURES)
    return listed


def erasures(caller: Caller) -> list[ErasureView]:
    """The newest erasures first: all of the tenant's for its admins, for others those that they asked for."""
    require_live(caller)
    asked = Erasure.objects.filter(tenant_id=caller.tenant_id)
    if caller.actor.kind != "member" or not is_admin(caller):
        asked = asked.filter(requester_id=caller.actor.id)
    return [_view(erasure) for erasure in asked.order_by("-requested_at", "-id")[:MOST_LISTED]]


def late_erasures(tenant_id: UUID) -> list[ErasureView]:
    """A tenant's erasures that should be done by now, those that wait the longest first."""
    unfinished = Erasure.objects.filter(tenant_id=tenant_id, finished_at=None).order_by("requested_at")[:MOST_LISTED]
    return [view for erasure in unfinished if (view := _view(erasure)).is_late]


def erasing_space_ids() -> list[UUID]:
    """The spaces that workers have to erase, those that wait the longest first."""
    return list(Erasure.objects.filter(finished_at=None).order_by("requested_at").values_list("space_id", flat=True))


def note_begun(scope: SpaceScope, memories: int) -> None:
    """Inside ``space_tx``: how many memories there are to erase, unless that was noted before."""
    Erasure.objects.filter(space_id=scope.space_id, memories=None).update(memories=memories)


def note_erased(scope: SpaceScope, table: str, rows: int) -> None:
    """Inside the transaction that deleted them, so that what a killed worker did is counted once."""
    erasure = Erasure.objects.select_for_update(no_key=True).get(space_id=scope.space_id)
    erasure.erased[table] = erasure.erased.get(table, 0) + rows
    erasure.save(update_fields=["erased"])


def hold_space(scope: SpaceScope) -> None:
    """Inside ``space_tx``: let nobody add anything that refers to the space until the transaction ends."""
    Space.objects.select_for_update().get(id=scope.space_id)


def finish_erasing(scope: SpaceScope) -> None:
    """Inside ``space_tx``, when nothing refers to it any more: delete the space with its grants and keys' places."""
    Space.objects.get(id=scope.space_id).delete()
    erasure = Erasure.objects.get(space_id=scope.space_id)
    erasure.finished_at = timezone.now()
    erasure.save(update_fields=["finished_at"])
    record(scope, Action.FINISH_ERASING, target=number_of(erasure.memories or 0, "memory", "memories"))


def _check_no_children(space: Space) -> None:
    names = list(Space.objects.filter(parent=space).order_by("name").values_list("name", flat=True))
    if names:
        raise Conflict(
            f"Below {space.name!r} stand other spaces: {naming(names)}. Erase or move them first.", "has_children"
        )


def _view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        id=erasure.id,
        space=erasure.space,
        requested_by=erasure.requested_by,
        requested_at=erasure.requested_at,
        memories=erasure.memories,
        erased=erasure.erased,
        finished_at=erasure.finished_at,
    )
