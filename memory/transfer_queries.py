"""The hand-written SQL of export and import. Every call but ``stalled_imports`` belongs inside ``space_tx``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from memory.records import Vector
from memory.transfer import AssociationLine, MemoryLine
from memory.vectors import as_array
from tenants import statements
from tenants.scope import SpaceScope

_SQL = statements.load(__file__)


def export_memories(scope: SpaceScope, *, vectors: bool, after: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """The next memories by id, each with its line."""
    return _run("export_memories", space_id=scope.space_id, vectors=vectors, after=after, limit=limit)


def export_associations(scope: SpaceScope, ids: Sequence[UUID]) -> list[str]:
    """The lines of these memories' associations with those of smaller ids."""
    return [line for (line,) in _run("export_associations", space_id=scope.space_id, ids=list(ids))]


def keep_import_part(scope: SpaceScope, import_id: UUID, start: int, body: bytes) -> bool:
    """Whether the part was the one that comes next."""
    return bool(_run_binary("keep_import_part", space_id=scope.space_id, id=import_id, start=start, body=body))


def unread_parts(scope: SpaceScope, import_id: UUID, offset: int, limit: int) -> list[tuple[int, bytes]]:
    """The next parts that hold bytes from ``offset`` on, each with the byte that it starts at."""
    return _run_binary("unread_parts", space_id=scope.space_id, id=import_id, offset=offset, limit=limit)


def drop_read_parts(scope: SpaceScope, import_id: UUID, offset: int) -> None:
    _run("drop_read_parts", space_id=scope.space_id, id=import_id, offset=offset)


def drop_import_file(scope: SpaceScope, import_id: UUID) -> None:
    _run("drop_import_file", space_id=scope.space_id, id=import_id)


def spell_memories(memories: Sequence[MemoryLine]) -> str:
    """What ``import_memories`` is to store, as the database reads it, but for the vectors."""
    return msgspec.json.encode([replace(memory, embedding=None) for memory in memories]).decode()


def spell_associations(associations: Sequence[AssociationLine]) -> str:
    """What ``import_associations`` is to store, as the database reads it."""
    return msgspec.json.encode(associations).decode()


def import_memories(scope: SpaceScope, memories: str, vectors: Sequence[Vector]) -> set[str]:
    """Store memories of distinct ids, spelt by ``spell_memories``; return the ids of those that are new."""
    packed = _Vectors(as_array(vectors, _halfvec()))
    stored = _run_binary("import_memories", space_id=scope.space_id, memories=memories, vectors=packed)
    return {memory_id for (memory_id,) in stored}


def keep_aliases(scope: SpaceScope, import_id: UUID, memories: Sequence[MemoryLine]) -> None:
    """Note which memories the space holds under another id, by their content."""
    _run(
        "keep_aliases",
        space_id=scope.space_id,
        import_id=import_id,
        ids=[memory.id for memory in memories],
        contents=[memory.content for memory in memories],
    )


def hold_imported(scope: SpaceScope, import_id: UUID, ids: Iterable[str]) -> dict[str, str | None]:
    """Of these ids of the file those that are not the space's own: each with the memory's own one, ``None`` if there is none.

    The memories stay until the transaction ends.
    """
    # Written out as a whole: each of a list's items would be quoted on its own, which takes longer than finding them.
    written = "{" + ",".join(ids) + "}"
    return dict(_run("hold_imported", space_id=scope.space_id, import_id=import_id, ids=written))


def import_associations(scope: SpaceScope, associations: str, others: Mapping[str, str]) -> int:
    """Store associations, spelt by ``spell_associations``, between memories of the space; return how many are new.

    ``others`` are the space's own ids by the file's, where these are not the same.
    """
    given, held = list(others), list(others.values())
    ((stored,),) = _run("import_associations", space_id=scope.space_id, links=associations, given=given, held=held)
    return int(stored)


def stalled_imports(seconds: float) -> list[tuple[UUID, UUID]]:
    """Space and import, wherever an import waits for a worker and none has been at it for so long."""
    return _run("stalled_imports", seconds=seconds)


def _run(statement: str, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], parameters)
        rows: list[Any] = cursor.fetchall() if cursor.description else []
        return rows


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The binary form of ``halfvec[]``: nobody writes digits, and nobody reads them."""

    array: bytes


class _VectorsDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Vectors) -> bytes:
        return obj.array


def _halfvec() -> int:
    """The number that the database gave to pgvector's type, which a restored one gives anew."""
    ((number,),) = _run("halfvec")
    return int(number)


def _run_binary(statement: str, **parameters: Any) -> list[Any]:
    """For bytes, which would be sent and read as twice as many digits."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(_Vectors, _VectorsDumper)
        return cursor.execute(_SQL[statement].encode(), parameters, binary=True).fetchall()
