"""Erasing a space: all that it holds, table by table, in small transactions that a killed worker's successor goes on from."""

import time

from memory import queries
from memory.models import (
    Association,
    Embedding,
    Entity,
    IdempotencyKey,
    Import,
    ImportAlias,
    ImportPart,
    Lexeme,
    Memory,
    Reinforcement,
    Tally,
    Unlinked,
)
from memory.services.reinforcement import forget_recalls
from memory.services.work import take_turn
from tenants.scope import SpaceScope, space_tx
from tenants.services import erasures

# Rows deleted in one transaction.
BATCH = 2_000
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0

# Everything that a space holds. What hangs on memories goes before them, so that the report counts it.
TABLES = [
    model._meta.db_table
    for model in (
        Association,
        Entity,
        Unlinked,
        Embedding,
        ImportAlias,
        ImportPart,
        Import,
        Memory,
        Lexeme,
        IdempotencyKey,
        Reinforcement,
        Tally,
    )
]


def erase(scope: SpaceScope, *, batch: int = BATCH, seconds: float = SECONDS) -> bool:
    """Delete what the space holds, and once that is nothing, the space; whether that was reached in the time given.

    Raises ``Busy`` while another worker is at it.
    """
    until = time.monotonic() + seconds
    with space_tx(scope):
        erasures.note_begun(scope, queries.total_memories(scope))
    for table in TABLES:
        while _erase_some(scope, table, batch):
            if time.monotonic() > until:
                return False
    forget_recalls(scope)
    return _erase_rest(scope, batch)


def _erase_some(scope: SpaceScope, table: str, batch: int) -> int:
    with space_tx(scope):
        take_turn(scope)
        return _erase_from(scope, table, batch)


def _erase_rest(scope: SpaceScope, batch: int) -> bool:
    """Requests that were let in before the space was closed may have added something behind us."""
    with space_tx(scope):
        take_turn(scope)
        erasures.hold_space(scope)
        if any(_erase_from(scope, table, batch) == batch for table in TABLES):
            return False
        erasures.finish_erasing(scope)
    return True


def _erase_from(scope: SpaceScope, table: str, batch: int) -> int:
    erased = queries.erase(scope, table, batch)
    erasures.note_erased(scope, table, erased)
    return erased
