"""Imports as their clients see them: a file comes in, whole or in pieces, and a worker reads it into the space."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from memory import transfer_queries as queries
from memory.models import Import
from tenants.errors import Conflict, NotFound, TooLarge
from tenants.limits import installation
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

logger = logging.getLogger(__name__)

# Newest first; older ones are of no use to anybody.
MOST_LISTED = 50
PART_BYTES = 512 * 1024
TASK = "memory.tasks.import_memories"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """``bytes`` counts what has come of the file, ``bytes_done`` what of that is in the space, ``problem`` says in ``line``,
    ``code``, ``detail`` and ``attr`` why an import failed."""

    id: UUID
    space: str
    status: str
    started_by: str
    bytes: int
    bytes_done: int
    lines: int
    memories: int
    existing: int
    associations: int
    problem: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


def list_imports(scope: SpaceScope) -> list[ImportRecord]:
    """The space's imports, newest first."""
    found = watch_imports(scope)
    with space_tx(scope, durable=False):
        record(scope, Action.LIST_IMPORTS)
    return found


def watch_imports(scope: SpaceScope) -> list[ImportRecord]:
    """The same for somebody who goes on looking: that they came was recorded by ``list_imports``."""
    scope.require("read")
    with space_tx(scope, durable=False):
        return [_record(scope, row) for row in Import.objects.filter(space_id=scope.space_id)[:MOST_LISTED]]


def read_import(scope: SpaceScope, import_id: UUID) -> ImportRecord:
    """Raises ``NotFound``."""
    scope.require("read")
    with space_tx(scope, durable=False):
        found = find_import(scope, import_id)
        record(scope, Action.READ_IMPORT, target=import_id)
    return found


def start_import(scope: SpaceScope, file: Iterable[bytes], *, more: bool = False) -> ImportRecord:
    """Take in a file, or with ``more`` the beginning of one, and leave it to a worker once it is whole.

    If the file breaks off, what came of it is kept for ``continue_import``. Raises ``Conflict`` while another import of the space
    is unfinished, ``TooLarge`` for a file above the installation's size.
    """
    scope.require("manage")
    with space_tx(scope):
        try:
            with transaction.atomic():
                started = Import.objects.create(space_id=scope.space_id, started_by=scope.actor.name)
        except IntegrityError as error:
            raise Conflict(
                f"Another import into the space {scope.space!r} is not finished; wait for it, or cancel it.",
                "import_unfinished",
            ) from error
        record(scope, Action.START_IMPORT, target=started.id)
    return _receive(scope, started.id, 0, file, more=more)


def continue_import(
    scope: SpaceScope, import_id: UUID, offset: int, file: Iterable[bytes], *, more: bool = False
) -> ImportRecord:
    """Take in the rest of a file from a byte on, or with ``more`` a piece of it.

    Raises ``NotFound``, ``Conflict`` if the file has not come exactly as far as ``offset``, ``TooLarge``.
    """
    scope.require("manage")
    with space_tx(scope):
        found = find_import(scope, import_id)
        if found.status != Import.Status.RECEIVING:
            raise Conflict(
                f"The import {import_id} is {found.status}; nothing more can be sent.", "import_not_receiving"
            )
        record(scope, Action.CONTINUE_IMPORT, target=import_id)
    return _receive(scope, import_id, offset, file, more=more)


def cancel_import(scope: SpaceScope, import_id: UUID) -> None:
    """End an import. What it has stored stays. Raises ``NotFound``, and ``Conflict`` if it has ended already."""
    scope.require("manage")
    with space_tx(scope):
        if not end_import(scope, import_id, Import.Status.CANCELLED):
            found = find_import(scope, import_id)
            raise Conflict(f"The import {import_id} is {found.status} already.", "import_finished")
        record(scope, Action.CANCEL_IMPORT, target=import_id)


def find_import(scope: SpaceScope, import_id: UUID) -> ImportRecord:
    """Inside ``space_tx``: the import; raises ``NotFound``."""
    row = Import.objects.filter(space_id=scope.space_id, id=import_id).first()
    if row is None:
        raise NotFound(f"There is no import {import_id} in this space.")
    return _record(scope, row)


def end_import(
    scope: SpaceScope, import_id: UUID, status: Import.Status, problem: Mapping[str, Any] | None = None
) -> bool:
    """Inside ``space_tx``: end an import that has not ended, and drop the rest of its file; say whether there was one."""
    now = timezone.now()
    unfinished = Import.objects.filter(space_id=scope.space_id, id=import_id, status__in=Import.UNFINISHED)
    ended = unfinished.update(status=status, problem=problem, updated_at=now, finished_at=now)
    if ended:
        queries.drop_import_file(scope, import_id)
    return bool(ended)


def send_next(scope: SpaceScope, import_id: UUID, turn: int, *, seconds: float = 0) -> None:
    """Leave what a turn left of an import to the next turn, after some seconds; of several tasks for one turn, one does."""
    with space_tx(scope, durable=False):
        unfinished = Import.objects.filter(space_id=scope.space_id, id=import_id, status__in=Import.UNFINISHED)
        is_first = unfinished.filter(turn=turn).update(turn=turn + 1, updated_at=timezone.now())
    if is_first:
        _send(scope.space_id, import_id, turn + 1, seconds=seconds)


def send_again(scope: SpaceScope, import_id: UUID) -> bool:
    """Leave an import that nothing was heard of to a worker, unless one is storing some of it just now; whether it was left.

    That counts as being heard of: it may only be waiting in a long queue, where one more of it is enough. It is sent for the same
    turn, which is over for the others once one of them has had it.
    """
    with space_tx(scope):
        silent = Import.objects.select_for_update(skip_locked=True).filter(space_id=scope.space_id, id=import_id)
        row = silent.filter(status__in=Import.UNFINISHED).first()
        if row is None:
            return False
        row.updated_at = timezone.now()
        row.save(update_fields=["updated_at"])
    _send(scope.space_id, import_id, row.turn)
    return True


def _send(space_id: UUID, import_id: UUID, turn: int = 0, *, seconds: float = 0) -> None:
    """While the queue is away that waits for ``resume_imports``."""
    try:
        current_app.send_task(TASK, [str(space_id), str(import_id), turn], countdown=seconds)
    except OperationalError:
        logger.warning("The queue does not answer; the import %s waits until it does", import_id)


def _receive(scope: SpaceScope, import_id: UUID, offset: int, file: Iterable[bytes], *, more: bool) -> ImportRecord:
    for part in _parts(file):
        if offset + len(part) > installation().sizes.import_bytes:
            raise TooLarge(
                f"The file has more than {installation().sizes.import_bytes:,} bytes, which is the most that is allowed; "
                "send it as several imports."
            )
        # A commit for each part: what has come stays, however the file breaks off. The last one waits for the disk, for all.
        with space_tx(scope, durable=False):
            if not queries.keep_import_part(scope, import_id, offset, part):
                raise _misplaced(scope, import_id, offset)
        offset += len(part)
    with space_tx(scope):
        found = find_import(scope, import_id)
        if found.bytes != offset:
            raise _misplaced(scope, import_id, offset)
        if not more:
            Import.objects.filter(space_id=scope.space_id, id=import_id, status=Import.Status.RECEIVING).update(
                status=Import.Status.QUEUED, updated_at=timezone.now()
            )
            transaction.on_commit(partial(_send, scope.space_id, import_id))
        return find_import(scope, import_id)


def _parts(file: Iterable[bytes]) -> Iterable[bytes]:
    """The same bytes in parts of one size, but for the last."""
    waiting = bytearray()
    for piece in file:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _misplaced(scope: SpaceScope, import_id: UUID, offset: int) -> Conflict:
    found = find_import(scope, import_id)
    if found.status != Import.Status.RECEIVING:
        return Conflict(f"The import {import_id} is {found.status}; nothing more can be sent.", "import_not_receiving")
    return Conflict(
        f"'offset' is {offset}; the file has come as far as byte {found.bytes}, go on from there.",
        "offset_mismatch",
        "offset",
    )


def _record(scope: SpaceScope, row: Import) -> ImportRecord:
    return ImportRecord(
        id=row.id,
        space=scope.space,
        status=row.status,
        started_by=row.started_by,
        bytes=row.bytes,
        bytes_done=row.bytes_done,
        lines=row.lines,
        memories=row.memories,
        existing=row.existing,
        associations=row.associations,
        problem=row.problem,
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )
