"""Memories whose time is up. No read path shows them from that moment on; a worker deletes them soon after."""

import time

from memory import queries
from memory.services.work import take_turn
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

# Memories deleted in one transaction.
BATCH = 500
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0


def expire_memories(scope: SpaceScope, *, batch: int = BATCH, seconds: float = SECONDS) -> bool:
    """Delete expired memories; whether all are, in the time given. Raises ``Busy`` while another worker is at the space."""
    until = time.monotonic() + seconds
    while True:
        with space_tx(scope):
            take_turn(scope)
            count = queries.expire(scope, batch)
            if count:
                record(scope, Action.EXPIRE_MEMORIES, target=number_of(count, "memory", "memories"))
        if count < batch:
            return True
        if time.monotonic() > until:
            return False
