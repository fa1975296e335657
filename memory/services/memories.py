"""Single memories: list, read, update, forget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from memory import queries, vectors
from memory.models import Memory
from memory.records import MemoryRecord, Vector, content_hash
from tenants.errors import Conflict, NotFound
from tenants.operations import Action, record
from tenants.positions import Position
from tenants.scope import SpaceScope, space_tx


@dataclass(frozen=True, slots=True)
class Filters:
    """Which memories to list; ``None`` means any. Times are exclusive bounds."""

    tier: str | None = None
    kind: str | None = None
    session: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    memories: Sequence[MemoryRecord]
    next: Position | None


def list_memories(scope: SpaceScope, filters: Filters, after: Position | None, limit: int) -> Page:
    """A page of the space's memories, newest first, from just after a position."""
    scope.require("read")
    given = {
        "tier": filters.tier,
        "kind": filters.kind,
        "session": filters.session,
        "created_at__gt": filters.created_after,
        "created_at__lt": filters.created_before,
    }
    with space_tx(scope, durable=False):
        rows = alive(scope).filter(**{lookup: value for lookup, value in given.items() if value is not None})
        if after is not None:
            rows = rows.filter(
                Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, id__lt=after.id),
                # Redundant, but a plain bound on the index's second column is what the planner can seek to.
                created_at__lte=after.created_at,
            )
        found = [_record(scope, row) for row in rows.order_by("-created_at", "-id")[: limit + 1]]
        record(scope, Action.LIST_MEMORIES)
    page = found[:limit]
    return Page(page, Position(page[-1].created_at, page[-1].id) if len(found) > limit else None)


def read_memory(scope: SpaceScope, memory_id: UUID) -> MemoryRecord:
    """Raises ``NotFound``, the same for an id of another space."""
    scope.require("read")
    with space_tx(scope, durable=False):
        memory = find(scope, memory_id)
        record(scope, Action.READ_MEMORY, target=memory_id)
    return memory


def update_memory(
    scope: SpaceScope, memory_id: UUID, changes: Mapping[str, Any], embedding: Sequence[float] | None = None
) -> MemoryRecord:
    """Change some of ``content kind confidence session metadata observed_at expires_at``; new content gets a new vector.

    Raises ``NotFound``, ``Invalid`` for a vector that does not fit and ``Conflict`` if another memory has the content.
    """
    scope.require("write")
    vector: Vector | None = None
    if embedding is not None:
        vector = vectors.check(scope, embedding)
    elif "content" in changes:
        (vector,) = vectors.embed(scope, [changes["content"]])
    plain = {name: value for name, value in changes.items() if name != "content"}
    with space_tx(scope):
        content = changes.get("content", _hold(scope, memory_id).content)
        if vector is not None:
            _replace_content(scope, memory_id, content, vector)
        Memory.objects.filter(space_id=scope.space_id, id=memory_id).update(updated_at=timezone.now(), **plain)
        updated = find(scope, memory_id)
        record(scope, Action.UPDATE_MEMORY, target=memory_id)
    return updated


def forget(scope: SpaceScope, memory_id: UUID) -> None:
    """Delete a memory with its vector and associations. Raises ``NotFound``."""
    scope.require("write")
    with space_tx(scope):
        if not queries.forget(scope, memory_id):
            raise _not_found(memory_id)
        record(scope, Action.FORGET, target=memory_id)


def _replace_content(scope: SpaceScope, memory_id: UUID, content: str, vector: Vector) -> None:
    try:
        with transaction.atomic():
            queries.replace_content(scope, memory_id, content, content_hash(content), vector)
    except IntegrityError as error:
        raise Conflict("Another memory of the space has this content already.", "duplicate_content") from error


def alive(scope: SpaceScope) -> QuerySet[Memory]:
    """Inside ``space_tx``: the memories that have not expired."""
    now = timezone.now()
    return Memory.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), space_id=scope.space_id).defer("lexemes")


def find(scope: SpaceScope, memory_id: UUID) -> MemoryRecord:
    """Inside ``space_tx``: the memory; raises ``NotFound``."""
    memory = queries.find(scope, memory_id)
    if memory is None:
        raise _not_found(memory_id)
    return memory


def _hold(scope: SpaceScope, memory_id: UUID) -> MemoryRecord:
    """The memory, which nobody else changes until the transaction ends; raises ``NotFound``."""
    memory = alive(scope).select_for_update(no_key=True).filter(id=memory_id).first()
    if memory is None:
        raise _not_found(memory_id)
    return _record(scope, memory)


def _not_found(memory_id: UUID) -> NotFound:
    return NotFound(f"There is no memory {memory_id} in this space.")


def _record(scope: SpaceScope, memory: Memory) -> MemoryRecord:
    return MemoryRecord(
        id=memory.id,
        space=scope.space,
        content=memory.content,
        kind=memory.kind,
        confidence=memory.confidence,
        session=memory.session,
        metadata=memory.metadata,
        observed_at=memory.observed_at,
        created_at=memory.created_at,
        updated_at=memory.updated_at,
        expires_at=memory.expires_at,
        tier=memory.tier,
        recall_count=memory.recall_count,
        last_recalled_at=memory.last_recalled_at,
    )
