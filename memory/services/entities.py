"""Associations between memories that name the same rare thing: the space's entities."""

import time
from collections.abc import Sequence
from uuid import UUID

from memory import queries
from memory.entities import names_in
from memory.services.recall import SPREADING
from memory.services.work import take_turn
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

# A name that more memories hold says nothing of any two of them, and would make a hub.
MOST_HOLDERS = 20
# Memories whose names are read in one transaction.
BATCH = 200
# Names in one transaction that may come or go. Each has up to MOST_HOLDERS memories associated anew, whatever a tenant remembers.
MOST_CHANGES = 128
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0


def link_entities(scope: SpaceScope, *, batch: int = BATCH, seconds: float = SECONDS) -> bool:
    """Read the names of new and changed memories and associate those that share a rare one; whether all were read in time.

    A batch is one transaction, so a killed worker's successor goes on from there. Raises ``Busy`` while another worker is at
    the space.
    """
    until = time.monotonic() + seconds
    while True:
        with space_tx(scope):
            take_turn(scope)
            found = queries.unlinked(scope, batch)
            names = _names_of_first(found)
            if names:
                changes = queries.keep_entities(scope, names)
                queries.link_entities(scope, list(names), changes, most=MOST_HOLDERS, fan_out=SPREADING.fan_out)
                record(scope, Action.LINK_ENTITIES, target=number_of(len(names), "memory", "memories"))
        if len(names) == len(found) < batch:
            return True
        if time.monotonic() > until:
            return False


def _names_of_first(found: Sequence[tuple[UUID, str, int]]) -> dict[UUID, list[str]]:
    """The names of the first memories, until those that they had and those that they have are too many together."""
    read: dict[UUID, list[str]] = {}
    changes = 0
    for memory_id, content, held in found:
        names = names_in(content)
        changes += held + len(names)
        if read and changes > MOST_CHANGES:
            break
        read[memory_id] = names
    return read
