"""Reading a space's words anew, after it was told to read them by another text search configuration."""

import time

from memory import queries
from memory.services import lexicon
from memory.services.work import take_turn
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx
from tenants.services import upkeep

# Memories in one transaction.
BATCH = 500
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0


def reread_words(scope: SpaceScope, *, batch: int = BATCH, seconds: float = SECONDS) -> bool:
    """Read the words of memories anew from where the last worker came to; whether all are, in the time given.

    Raises ``Busy`` while another worker is at the space.
    """
    until = time.monotonic() + seconds
    while not _reread_some(scope, batch):
        if time.monotonic() > until:
            return False
    return True


def _reread_some(scope: SpaceScope, batch: int) -> bool:
    with space_tx(scope):
        take_turn(scope)
        after = upkeep.hold_reread(scope)
        if after is None:
            return True
        last = queries.reread(scope, after, batch)
        upkeep.note_reread(scope, last)
        if last is None:
            # Here, so that a planner has the words counted if this worker is killed before it has.
            lexicon.outdate_lexicon(scope)
            record(scope, Action.REREAD_WORDS)
    if last is None:
        lexicon.refresh_lexicon(scope)
    return last is None
