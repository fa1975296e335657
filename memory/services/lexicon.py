"""The space's lexicon: how many memories hold each lexeme, which makes rare words count for more."""

from memory import queries
from memory.models import Lexeme
from memory.services.work import Busy, analyze
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.queries import limit_time
from tenants.scope import SpaceScope, space_tx

# Below this a space is counted on the spot at every recall, which is exact and costs less than a millisecond.
SMALLEST = 1_000
# A lexicon may lag behind its space by this share of the memories that it counted.
LAG = 0.2
# Counting reads the whole space: millions of memories take minutes, and the worker has half an hour.
PATIENCE_MS = 900_000


def refresh_lexicon(scope: SpaceScope) -> int:
    """Count the lexemes anew if the space has outgrown its lexicon, or that is out of date; return how many entries changed.

    It is after a day: contents that change, and memories that come as others go, show in no number of memories.
    A space that has grown so much is new to the planner, too.
    """
    with space_tx(scope):
        memories, counted = queries.lexicon_growth(scope)
        if not queries.lock_task(scope, "refresh_lexicon") or not _outgrown(memories, counted):
            return 0
        limit_time(PATIENCE_MS)
        written = queries.refresh_lexicon(scope)
        record(scope, Action.REFRESH_LEXICON, target=number_of(written, "lexeme"))
    analyze(scope)
    return written


def outdate_lexicon(scope: SpaceScope) -> None:
    """Inside ``space_tx``: let the lexicon, if there is one, be counted anew, now that all words are others.

    Raises ``Busy`` while a worker counts what may have been the words before.
    """
    if not queries.lock_task(scope, "refresh_lexicon"):
        raise Busy(f"Another worker counts the words of the space {scope.space!r}.")
    Lexeme.objects.filter(space_id=scope.space_id, lexeme="").update(counted_at=None)


def _outgrown(memories: int, counted: int | None) -> bool:
    if counted is None:
        return memories >= SMALLEST
    return abs(memories - counted) > LAG * counted
