"""Associations between memories that name the same rare thing: the space's entities."""

import time

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
# How long a worker stays with one space before others have their turn.
SECONDS = 60.0


def link_entities(scope: SpaceScope, *, batch: int = BATCH, seconds: float = SECONDS) -> bool:
    """Read the names of new and changed memories and associate those that share a rare one; whether all were read in time.

    A batch is one transaction, so a killed worker's successor goes on from there. Raises ``Busy`` while another worker is at
    the space.
    """
    until = time.monotonic() + seconds
    while True:
        with space_tx(scope):
            take_turn(scope)
            contents = queries.unlinked(scope, batch)
            if contents:
                changes = queries.keep_entities(scope, {id_: names_in(text) for id_, text in contents.items()})
                queries.link_entities(scope, list(contents), changes, most=MOST_HOLDERS, fan_out=SPREADING.fan_out)
                record(scope, Action.LINK_ENTITIES, target=number_of(len(contents), "memory", "memories"))
        if len(contents) < batch:
            return True
        if time.monotonic() > until:
            return False
