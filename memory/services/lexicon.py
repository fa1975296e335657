"""The space's lexicon: how many memories hold each lexeme, which makes rare words count for more."""

from memory import queries
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

# Below this a space is counted on the spot at every recall, which is exact and costs less than a millisecond.
SMALLEST = 1_000
# A lexicon may lag behind its space by this share of the memories that it counted.
LAG = 0.2


def refresh_lexicon(scope: SpaceScope, *, anew: bool = False) -> int:
    """Count the lexemes anew if the space has outgrown its lexicon, or one there is in any case with ``anew``; return how many
    entries changed.

    A space that has grown so much is new to the planner, too.
    """
    with space_tx(scope):
        memories, counted = queries.lexicon_growth(scope)
        due = _outgrown(memories, counted) or (anew and counted is not None)
        if not queries.lock_task(scope, "refresh_lexicon") or not due:
            return 0
        written = queries.refresh_lexicon(scope)
        record(scope, Action.REFRESH_LEXICON, target=number_of(written, "lexeme"))
    with space_tx(scope, durable=False):
        queries.analyze(scope)
    return written


def _outgrown(memories: int, counted: int | None) -> bool:
    if counted is None:
        return memories >= SMALLEST
    return abs(memories - counted) > LAG * counted
