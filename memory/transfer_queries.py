"""The hand-written SQL of export and import. Every call but ``stalled_imports`` belongs inside ``space_tx``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from memory.records import Vector
from memory.vectors import as_text
from tenants import statements
from tenants.scope import SpaceScope

_SQL = statements.load(__file__)


@dataclass(frozen=True, slots=True)
class ImportedMemory:
    """A memory as it is to be stored, to the last field."""

    id: UUID
    content: str
    content_hash: bytes
    kind: str
    confidence: float
    session: str | None
    metadata: Mapping[str, Any]
    observed_at: datetime
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    tier: str
    stability: float
    recall_count: int
    last_recalled_at: datetime | None
    vector: Vector


@dataclass(frozen=True, slots=True)
class ImportedAssociation:
    source: UUID
    target: UUID
    kind: str
    weight: float
    reinforced: int
    created_at: datetime


def export_memories(scope: SpaceScope, *, vectors: bool, after: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """The next memories by id, each with its line."""
    return _run("export_memories", space_id=scope.space_id, vectors=vectors, after=after, limit=limit)


def export_associations(scope: SpaceScope, ids: Sequence[UUID]) -> list[str]:
    """The lines of these memories' associations with those of smaller ids."""
    return [line for (line,) in _run("export_associations", space_id=scope.space_id, ids=list(ids))]


def keep_import_part(scope: SpaceScope, import_id: UUID, start: int, body: bytes) -> bool:
    """Whether the part was the one that comes next."""
    return bool(_run("keep_import_part", space_id=scope.space_id, id=import_id, start=start, body=body))


def unread_parts(scope: SpaceScope, import_id: UUID, offset: int, limit: int) -> list[tuple[int, bytes]]:
    """The next parts that hold bytes from ``offset`` on, each with the byte that it starts at."""
    rows = _run("unread_parts", space_id=scope.space_id, id=import_id, offset=offset, limit=limit)
    return [(start, bytes(body)) for start, body in rows]


def drop_read_parts(scope: SpaceScope, import_id: UUID, offset: int) -> None:
    _run("drop_read_parts", space_id=scope.space_id, id=import_id, offset=offset)


def drop_import_file(scope: SpaceScope, import_id: UUID) -> None:
    _run("drop_import_file", space_id=scope.space_id, id=import_id)


def import_memories(scope: SpaceScope, memories: Sequence[ImportedMemory]) -> set[UUID]:
    """Store memories of distinct ids; return the ids of those that are new."""
    rows = _run(
        "import_memories",
        space_id=scope.space_id,
        ids=[memory.id for memory in memories],
        hashes=[memory.content_hash for memory in memories],
        contents=[memory.content for memory in memories],
        kinds=[memory.kind for memory in memories],
        confidences=[memory.confidence for memory in memories],
        sessions=[memory.session for memory in memories],
        metadatas=[json.dumps(memory.metadata) for memory in memories],
        observed=[memory.observed_at for memory in memories],
        created=[memory.created_at for memory in memories],
        updated=[memory.updated_at for memory in memories],
        expires=[memory.expires_at for memory in memories],
        tiers=[memory.tier for memory in memories],
        stabilities=[memory.stability for memory in memories],
        recall_counts=[memory.recall_count for memory in memories],
        last_recalled=[memory.last_recalled_at for memory in memories],
        vectors=[as_text(memory.vector) for memory in memories],
    )
    return {memory_id for (memory_id,) in rows}


def keep_aliases(scope: SpaceScope, import_id: UUID, memories: Sequence[ImportedMemory]) -> None:
    """Note which memories the space holds under another id, by their content."""
    _run(
        "keep_aliases",
        space_id=scope.space_id,
        import_id=import_id,
        ids=[memory.id for memory in memories],
        hashes=[memory.content_hash for memory in memories],
    )


def hold_imported(scope: SpaceScope, import_id: UUID, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """By the ids that the file knows them by, those of the space's memories; they stay until the transaction ends."""
    return dict(_run("hold_imported", space_id=scope.space_id, import_id=import_id, ids=list(ids)))


def import_associations(scope: SpaceScope, links: Sequence[ImportedAssociation]) -> int:
    """Store associations; return how many are new."""
    ((stored,),) = _run(
        "import_associations",
        space_id=scope.space_id,
        sources=[link.source for link in links],
        targets=[link.target for link in links],
        kinds=[link.kind for link in links],
        weights=[link.weight for link in links],
        reinforced=[link.reinforced for link in links],
        created=[link.created_at for link in links],
    )
    return int(stored)


def stalled_imports(seconds: float) -> list[tuple[UUID, UUID]]:
    """Space and import, wherever an import waits for a worker and none has been at it for so long."""
    return _run("stalled_imports", seconds=seconds)


def _run(statement: str, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], parameters)
        rows: list[Any] = cursor.fetchall() if cursor.description else []
        return rows
