"""Reading an import's file into its space: a worker's work, in batches that each are stored whole, with how far it came."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import DataError
from django.utils import timezone

from memory import transfer, vectors
from memory import transfer_queries as queries
from memory.models import Import
from memory.records import Vector
from memory.services import capacity, lexicon
from memory.services.imports import PART_BYTES, end_import
from memory.services.work import analyze, take_turn
from memory.transfer import AssociationLine, BadLine, EndLine, MemoryLine, SpaceLine
from tenants.errors import CapacityExceeded, Invalid
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

BATCH_LINES = 8_000
BATCH_BYTES = 4 * 1024 * 1024
# Those that the server embeds: a few seconds' work.
BATCH_TEXTS = 1_000
# What rounding to half precision makes of a unit vector's length, at most. Such a vector is kept to the bit.
UNIT = 1e-3


@dataclass(slots=True)
class _Batch:
    """Lines ``first`` to ``last`` of the file, from byte ``start`` up to byte ``end``.

    The server embeds ``texts`` of the memories. ``vectors`` are theirs; ``memories_spelt`` and ``associations_spelt`` are both as
    the database reads them.
    """

    first: int
    last: int
    start: int
    end: int
    is_last: bool = False
    texts: int = 0
    memories: dict[str, tuple[int, MemoryLine]] = field(default_factory=dict)
    associations: list[tuple[int, AssociationLine]] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)
    memories_spelt: str = ""
    associations_spelt: str = ""


class Overtaken(Exception):
    """Another task has had this turn of the import, or is ahead in it: this one ends, and leaves the rest to that one."""


class _Refused(Exception):
    """The file cannot be taken, because of ``line``."""

    def __init__(self, line: int, code: str, detail: str, attr: str | None) -> None:
        super().__init__(detail)
        self.problem: Mapping[str, Any] = {"line": line, "code": code, "detail": f"Line {line}: {detail}", "attr": attr}


def import_memories(scope: SpaceScope, import_id: UUID, turn: int, seconds: float) -> str:
    """Store what is left of an import's file, for a turn of some seconds; return its status, ``running`` if there is more.

    A worker that dies leaves it to the next one, from the last batch on. Raises ``Overtaken`` if the turn is another's, ``Busy``
    while another changes the space.
    """
    until = time.monotonic() + seconds
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
        if row.turn != turn:
            raise Overtaken
    try:
        status = _store_batches(scope, row, until)
    except _Refused as refused:
        with space_tx(scope):
            if end_import(scope, import_id, Import.Status.FAILED, refused.problem):
                reason = f"{refused.problem['code']} in line {refused.problem['line']}"
                record(scope, Action.IMPORT_MEMORIES, outcome="failed", target=import_id, reason=reason)
        return Import.Status.FAILED
    if status == Import.Status.DONE:
        lexicon.refresh_lexicon(scope)
    return status


def _store_batches(scope: SpaceScope, row: Import, until: float) -> str:
    """What does not fit is refused with its line, and nothing of its batch is stored."""
    with ThreadPoolExecutor(1, "import") as reader:
        for batch in _batches(scope, row, reader, until):
            status = _store(scope, row, batch)
            if batch.first == 1 and status == Import.Status.RUNNING:
                analyze(scope)
            if status != Import.Status.RUNNING:
                break
    return status


def _batches(scope: SpaceScope, row: Import, reader: ThreadPoolExecutor, until: float) -> Iterator[_Batch]:
    """What is left of the file, as far as the time suffices. While the database stores a batch, the next one is read; what was
    read is given in any case, because its texts have been embedded."""
    reading = _read_ahead(scope, row, row.lines, row.bytes_done, reader)
    while not (batch := reading.result()).is_last and time.monotonic() < until:
        reading = _read_ahead(scope, row, batch.last, batch.end, reader)
        yield batch
    yield batch


def _read_ahead(scope: SpaceScope, row: Import, lines: int, offset: int, reader: ThreadPoolExecutor) -> Future[_Batch]:
    most = max(BATCH_BYTES, transfer.longest_line(scope.embedding_dimension) + PART_BYTES)
    with space_tx(scope):
        parts = queries.unread_parts(scope, row.id, offset, math.ceil(most / PART_BYTES) + 1)
    if parts and parts[0][0] > offset:
        raise Overtaken
    return reader.submit(_read, scope, row.bytes, lines, offset, parts)


_ABANDONED = {
    "line": None,
    "code": "abandoned",
    "detail": "The rest of the file was not sent within a day.",
    "attr": None,
}


def _read(scope: SpaceScope, size: int, lines: int, offset: int, parts: Sequence[tuple[int, bytes]]) -> _Batch:
    """Parse what comes after the first ``lines`` of a file of ``size`` bytes: whole lines; the file's last may lack its feed."""
    body = b"".join(part for _, part in parts)
    if parts:
        body = body[offset - parts[0][0] :]
    whole = offset + len(body) == size
    batch = _Batch(first=lines + 1, last=lines, start=offset, end=offset)
    longest = transfer.longest_line(scope.embedding_dimension)
    position = 0
    while not batch.is_last and batch.last - lines < BATCH_LINES and batch.texts < BATCH_TEXTS and position < len(body):
        end = body.find(b"\n", position)
        if end < 0 and not whole and len(body) - position <= longest:
            break
        text = body[position:] if end < 0 else body[position:end]
        position = len(body) if end < 0 else end + 1
        batch.last += 1
        batch.end = offset + position
        if len(text) > longest:
            raise _Refused(batch.last, "too_large", f"This has more than {longest:,} bytes, which no line needs.", None)
        try:
            _take(scope, batch, text)
        except BadLine as error:
            raise _Refused(batch.last, "invalid", error.detail, error.attr) from error
    if whole and position == len(body) and not batch.is_last:
        raise _Refused(batch.last, "cut", "The file stops here without a line of type 'end'; it was cut.", None)
    if batch.is_last and batch.end < size:
        raise _Refused(batch.last + 1, "invalid", "The file goes on after its line of type 'end'.", None)
    # An association comes after both of its memories.
    _check_ends(batch, lambda line, end: end in batch.memories and batch.memories[end][0] > line)
    batch.vectors = _vectors(scope, list(batch.memories.values()))
    batch.memories_spelt = queries.spell_memories([memory for _, memory in batch.memories.values()])
    batch.associations_spelt = queries.spell_associations([link for _, link in batch.associations])
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
            batch.texts += line.embedding is None
        case AssociationLine():
            if line.source == line.target:
                raise BadLine("'target' is the 'source' itself; allowed: another memory.", "target")
            batch.associations.append((batch.last, line))
        case EndLine():
            batch.is_last = True


def _check_ends(batch: _Batch, is_unknown: Callable[[int, str], bool]) -> None:
    """Refuse the first association that leads from or to what is no memory, as far as its line can know."""
    for line, link in batch.associations:
        for attr, end in (("source", link.source), ("target", link.target)):
            if is_unknown(line, end):
                detail = f"'{attr}' is {end}; allowed: a memory of an earlier line, or one that the space holds."
                raise _Refused(line, "unknown_memory", detail, attr)


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
    given = [(line, memory.embedding) for line, memory in memories if memory.embedding is not None]
    without = [(line, memory) for line, memory in memories if memory.embedding is None]
    try:
        made = vectors.embed(scope, [memory.content for _, memory in without])
    except Invalid as error:
        problem = error.problems()[0]
        raise _Refused(without[0][0], problem.code, problem.detail, problem.attr) from error
    found = dict(zip((line for line, _ in given), _unit_vectors(scope, given), strict=True))
    found.update(zip((line for line, _ in without), made, strict=True))
    return [found[line] for line, _ in memories]


def _unit_vectors(scope: SpaceScope, given: Sequence[tuple[int, list[float]]]) -> list[Vector]:
    """The vectors to the bit, where they are of unit length as far as half precision can tell, and else brought to it."""
    if not given:
        return []
    try:
        matrix = np.array([values for _, values in given], dtype=np.float64)
        lengths = np.linalg.norm(matrix, axis=-1)
    except (ValueError, OverflowError):
        # One of them is not like the others: each is looked at for itself, which finds it.
        return [_checked(scope, line, values) for line, values in given]
    if matrix.shape[1] != scope.embedding_dimension:
        return [_checked(scope, line, values) for line, values in given]
    return [
        vector.astype(np.float32) if abs(length - 1) <= UNIT else _checked(scope, line, values)
        for vector, length, (line, values) in zip(matrix, lengths, given, strict=True)
    ]


def _checked(scope: SpaceScope, line: int, values: list[float]) -> Vector:
    try:
        return vectors.check(scope, values)
    except Invalid as error:
        raise _Refused(line, "invalid", error.problems()[0].detail, "embedding") from error
    except OverflowError as error:
        raise _Refused(line, "invalid", "'embedding' has a number that is too large.", "embedding") from error


def _store(scope: SpaceScope, row: Import, batch: _Batch) -> str:
    import_id = row.id
    try:
        # How far it came is stored together with what came: a crash can lose the last batches, and then they are read again.
        with space_tx(scope, durable=batch.is_last):
            # Whoever holds the row stores a batch, is ending the import, or was killed: then its session ends with the statement
            # that it is at, and what it had not stored is this one's to store.
            held = Import.objects.select_for_update().filter(space_id=scope.space_id, id=import_id).first()
            if held is None:
                return Import.Status.CANCELLED
            if held.status not in Import.UNFINISHED:
                return held.status
            if (held.turn, held.bytes_done) != (row.turn, batch.start):
                raise Overtaken
            take_turn(scope)
            new = _store_memories(scope, import_id, batch)
            associations = _store_associations(scope, import_id, batch, new)
            held.status = Import.Status.RUNNING
            held.bytes_done, held.lines, held.updated_at = batch.end, batch.last, timezone.now()
            held.memories += len(new)
            held.existing += len(batch.memories) - len(new)
            held.associations += associations
            held.save()
            queries.drop_read_parts(scope, import_id, batch.end)
            if batch.is_last:
                end_import(scope, import_id, Import.Status.DONE)
                target = f"{import_id}: {number_of(held.memories, 'memory', 'memories')}, "
                target += number_of(held.associations, "association")
                record(scope, Action.IMPORT_MEMORIES, target=target)
                return Import.Status.DONE
    except CapacityExceeded as error:
        raise _Refused(batch.first, "capacity_exceeded", error.problems()[0].detail, None) from error
    except (DataError, psycopg.DataError) as error:
        # Sent again it would fail again, and the space would take no other import until then.
        detail = f"The database cannot store a value of the lines {batch.first} to {batch.last}."
        raise _Refused(batch.first, "invalid", detail, None) from error
    return Import.Status.RUNNING


def _store_memories(scope: SpaceScope, import_id: UUID, batch: _Batch) -> set[str]:
    """Store the batch's memories; return the ids of those that are new."""
    if not batch.memories:
        return set()
    memories = [memory for _, memory in batch.memories.values()]
    capacity.make_room(scope, len(memories))
    stored = queries.import_memories(scope, batch.memories_spelt, batch.vectors)
    if stored:
        capacity.check(scope)
    left = [memory for memory in memories if memory.id not in stored]
    if left:
        queries.keep_aliases(scope, import_id, left)
    return stored


def _store_associations(scope: SpaceScope, import_id: UUID, batch: _Batch, new: set[str]) -> int:
    """Store the batch's associations; return how many are new. Nobody else sees the ``new`` memories yet."""
    if not batch.associations:
        return 0
    named = {end for _, link in batch.associations for end in (link.source, link.target)}
    others = queries.hold_imported(scope, import_id, named - new)
    if None in others.values():
        _check_ends(batch, lambda _, end: end in others and others[end] is None)
    aliases = {given: held for given, held in others.items() if held is not None}
    return queries.import_associations(scope, batch.associations_spelt, aliases)
