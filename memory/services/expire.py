"""Memories whose time is up. No read path shows them from that moment on; a worker deletes them soon after."""

from memory import queries
from memory.services.work import take_turn
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

# Memories deleted in one transaction.
BATCH = 500


def expire_memories(scope: SpaceScope, *, batch: int = BATCH) -> int:
    """Delete expired memories; how many there were. Raises ``Busy`` while another worker is at the space."""
    expired = 0
    while True:
        with space_tx(scope):
            take_turn(scope)
            count = queries.expire(scope, batch)
            if count:
                record(scope, Action.EXPIRE_MEMORIES, target=number_of(count, "memory", "memories"))
        expired += count
        if count < batch:
            return expired
