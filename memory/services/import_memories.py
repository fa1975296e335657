"""Reading an import's file into its space: a worker's work, in batches that each are stored whole, with how far it came."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from django.utils import timezone

from memory import transfer, vectors
from memory import transfer_queries as queries
from memory.models import Import
from memory.records import Vector, content_hash
from memory.services import capacity, lexicon
from memory.services.imports import end_import
from memory.services.work import take_turn
from memory.transfer import AssociationLine, BadLine, EndLine, MemoryLine, SpaceLine
from memory.transfer_queries import ImportedAssociation, ImportedMemory
from tenants.errors import CapacityExceeded, Invalid
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

BATCH_LINES = 1_000
BATCH_PARTS = 4
# Then a worker turns to what else there is to do, for other tenants too.
TURN_SECONDS = 20.0
# What rounding to half precision makes of a unit vector's length, at most. Such a vector is kept to the bit.
UNIT = 1e-3


@dataclass(slots=True)
class _Batch:
    """Lines ``first`` to ``last`` of the file, up to byte ``end``."""

    first: int
    last: int
    end: int
    is_last: bool = False
    memories: dict[UUID, tuple[int, MemoryLine]] = field(default_factory=dict)
    associations: list[tuple[int, AssociationLine]] = field(default_factory=list)


class _Refused(Exception):
    """The file cannot be taken, because of ``line``."""

    def __init__(self, line: int, code: str, detail: str, attr: str | None) -> None:
        super().__init__(detail)
        self.problem: Mapping[str, Any] = {"line": line, "code": code, "detail": f"Line {line}: {detail}", "attr": attr}


def import_memories(scope: SpaceScope, import_id: UUID, seconds: float = TURN_SECONDS) -> str:
    """Store what is left of an import's file, for a turn of some seconds; return its status, ``running`` if there is more.

    A worker that dies leaves it to the next one, from the last batch on. Raises ``Busy`` while another changes the space.
    """
    until = time.monotonic() + seconds
    while (status := _step(scope, import_id)) == Import.Status.RUNNING and time.monotonic() < until:
        pass
    if status == Import.Status.DONE:
        lexicon.refresh_lexicon(scope)
    return status


def _step(scope: SpaceScope, import_id: UUID) -> str:
    """Store the next batch. What does not fit is refused with its line, and nothing of its batch is stored."""
    with space_tx(scope):
        row = Import.objects.filter(space_id=scope.space_id, id=import_id).first()
        if row is None:
            # The space has been emptied.
            return Import.Status.CANCELLED
        if row.status == Import.Status.RECEIVING:
            end_import(scope, import_id, Import.Status.FAILED, _ABANDONED)
            return Import.Status.FAILED
        if row.status not in Import.UNFINISHED:
            return row.status
        parts = queries.unread_parts(scope, import_id, row.bytes_done, BATCH_PARTS)
    try:
        batch = _read(scope, row, parts)
        embedded = _vectors(scope, list(batch.memories.values()))
        return _store(scope, row, batch, embedded)
    except _Refused as refused:
        with space_tx(scope):
            if end_import(scope, import_id, Import.Status.FAILED, refused.problem):
                reason = f"{refused.problem['code']} in line {refused.problem['line']}"
                record(scope, Action.IMPORT_MEMORIES, outcome="failed", target=import_id, reason=reason)
        return Import.Status.FAILED


_ABANDONED = {
    "line": None,
    "code": "abandoned",
    "detail": "The rest of the file was not sent within a day.",
    "attr": None,
}


def _read(scope: SpaceScope, row: Import, parts: Sequence[tuple[int, bytes]]) -> _Batch:
    """Parse the next lines of the file, whole ones alone; a last line may lack its line feed."""
    body = b"".join(part for _, part in parts)
    if parts:
        body = body[row.bytes_done - parts[0][0] :]
    whole = row.bytes_done + len(body) == row.bytes
    batch = _Batch(first=row.lines + 1, last=row.lines, end=row.bytes_done)
    longest = transfer.longest_line(scope.embedding_dimension)
    position = 0
    while not batch.is_last and batch.last - row.lines < BATCH_LINES and position < len(body):
        end = body.find(b"\n", position)
        if end < 0 and not whole and len(body) - position <= longest:
            break
        text = body[position:] if end < 0 else body[position:end]
        position = len(body) if end < 0 else end + 1
        batch.last += 1
        batch.end = row.bytes_done + position
        if len(text) > longest:
            raise _Refused(batch.last, "too_large", f"This has more than {longest:,} bytes, which no line needs.", None)
        try:
            _take(scope, batch, text)
        except BadLine as error:
            raise _Refused(batch.last, "invalid", error.detail, error.attr) from error
    if whole and position == len(body) and not batch.is_last:
        raise _Refused(batch.last, "cut", "The file stops here without a line of type 'end'; it was cut.", None)
    if batch.is_last and batch.end < row.bytes:
        raise _Refused(batch.last + 1, "invalid", "The file goes on after its line of type 'end'.", None)
    return batch


def _take(scope: SpaceScope, batch: _Batch, text: bytes) -> None:
    line = transfer.read_line(text)
    if isinstance(line, SpaceLine) != (batch.last == 1):
        raise BadLine("The first line, and no other, is of type 'space'.", "type")
    match line:
        case SpaceLine():
            _check_model(scope, line)
        case MemoryLine():
            # Of two lines with one id the first counts, as it does against what the space holds already.
            batch.memories.setdefault(line.id, (batch.last, line))
        case AssociationLine():
            if line.source == line.target:
                raise BadLine("'target' is the 'source' itself; allowed: another memory.", "target")
            batch.associations.append((batch.last, line))
        case EndLine():
            batch.is_last = True


def _check_model(scope: SpaceScope, line: SpaceLine) -> None:
    wanted = scope.embedding_model, scope.embedding_dimension
    given = line.embedding_model, line.embedding_dimension
    if line.vectors and given != wanted:
        raise BadLine(
            f"'embedding_model' is {given[0]!r} with {given[1]} dimensions; the space {scope.space!r} holds vectors of "
            f"{wanted[0]!r} with {wanted[1]}. Export without vectors to have them made anew.",
            "embedding_model",
        )


def _vectors(scope: SpaceScope, memories: Sequence[tuple[int, MemoryLine]]) -> list[Vector]:
    """Each memory's own vector, or one that the server makes of its content."""
    found = {line: _vector(scope, line, memory.embedding) for line, memory in memories if memory.embedding is not None}
    without = [(line, memory) for line, memory in memories if memory.embedding is None]
    try:
        made = vectors.embed(scope, [memory.content for _, memory in without])
    except Invalid as error:
        raise _Refused(without[0][0], "embedding_required", error.problems()[0].detail, "embedding") from error
    found.update(zip((line for line, _ in without), made, strict=True))
    return [found[line] for line, _ in memories]


def _vector(scope: SpaceScope, line: int, values: Sequence[float]) -> Vector:
    try:
        checked = vectors.check(scope, values)
    except (Invalid, OverflowError) as error:
        detail = (
            error.problems()[0].detail if isinstance(error, Invalid) else "'embedding' has a number that is too large."
        )
        raise _Refused(line, "invalid", detail, "embedding") from error
    given = np.asarray(values, dtype=np.float64)
    return given.astype(np.float32) if abs(np.linalg.norm(given) - 1) <= UNIT else checked


def _store(scope: SpaceScope, row: Import, batch: _Batch, embedded: Sequence[Vector]) -> str:
    try:
        with space_tx(scope):
            take_turn(scope)
            held = Import.objects.select_for_update().filter(space_id=scope.space_id, id=row.id).first()
            if held is None or held.status not in Import.UNFINISHED or held.bytes_done != row.bytes_done:
                # It was cancelled, or another worker has been at it: look again.
                return Import.Status.RUNNING
            new = _store_memories(scope, row.id, batch, embedded)
            associations = _store_associations(scope, row.id, batch)
            held.status = Import.Status.RUNNING
            held.bytes_done, held.lines, held.updated_at = batch.end, batch.last, timezone.now()
            held.memories += new
            held.existing += len(batch.memories) - new
            held.associations += associations
            held.save()
            queries.drop_read_parts(scope, row.id, batch.end)
            if batch.is_last:
                end_import(scope, row.id, Import.Status.DONE)
                target = f"{row.id}: {held.memories} memories, {held.associations} associations"
                record(scope, Action.IMPORT_MEMORIES, target=target)
                return Import.Status.DONE
    except CapacityExceeded as error:
        raise _Refused(batch.first, "capacity_exceeded", error.problems()[0].detail, None) from error
    return Import.Status.RUNNING


def _store_memories(scope: SpaceScope, import_id: UUID, batch: _Batch, embedded: Sequence[Vector]) -> int:
    """Store the batch's memories; return how many are new."""
    if not batch.memories:
        return 0
    now = timezone.now()
    memories = [
        ImportedMemory(
            id=memory.id,
            content=memory.content,
            content_hash=content_hash(memory.content),
            kind=memory.kind,
            confidence=memory.confidence,
            session=memory.session,
            metadata=memory.metadata,
            observed_at=memory.observed_at or memory.created_at or now,
            created_at=memory.created_at or now,
            updated_at=memory.updated_at or memory.created_at or now,
            expires_at=memory.expires_at,
            tier=memory.tier,
            stability=memory.stability,
            recall_count=memory.recall_count,
            last_recalled_at=memory.last_recalled_at,
            vector=vector,
        )
        for (_, memory), vector in zip(batch.memories.values(), embedded, strict=True)
    ]
    capacity.make_room(scope, len(memories))
    stored = queries.import_memories(scope, memories)
    if stored:
        capacity.check(scope)
    left = [memory for memory in memories if memory.id not in stored]
    if left:
        queries.keep_aliases(scope, import_id, left)
    return len(stored)


def _store_associations(scope: SpaceScope, import_id: UUID, batch: _Batch) -> int:
    """Store the batch's associations; return how many are new."""
    if not batch.associations:
        return 0
    named = {end for _, link in batch.associations for end in (link.source, link.target)}
    held = queries.hold_imported(scope, import_id, sorted(named))
    now = timezone.now()
    links: list[ImportedAssociation] = []
    for number, link in batch.associations:
        for attr, end in (("source", link.source), ("target", link.target)):
            if end not in held or batch.memories.get(end, (0,))[0] > number:
                detail = f"'{attr}' is {end}; allowed: a memory of an earlier line, or of the space {scope.space!r}."
                raise _Refused(number, "unknown_memory", detail, attr)
        # Two memories of the file may be one in the space.
        if held[link.source] != held[link.target]:
            links.append(
                ImportedAssociation(
                    source=held[link.source],
                    target=held[link.target],
                    kind=link.kind,
                    weight=link.weight,
                    reinforced=link.reinforced,
                    created_at=link.created_at or now,
                )
            )
    return queries.import_associations(scope, links)
