"""Reinforcement: what is recalled grows firmer, comes up from colder tiers, and is tied to what is recalled with it.

A recall notes its hits in a Redis stream of the space, and a worker applies them in batches. The database notes in the same
transaction how far it came, so nothing is applied twice; without Redis, only what was not applied yet is lost.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from uuid import UUID

import redis
from prometheus_client import Counter

from memory import queries
from memory.metrics import count_moves
from memory.records import Hit
from memory.services.tiers import promote
from memory.services.work import take_turn
from tenants.limits import installation
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.redis_line import Line, RedisAway, connect
from tenants.scope import SpaceScope, space_tx

LOST = Counter("engram_recalls_not_noted", "Recalls that reinforce nothing, because Redis did not answer.")

# Of a recall's hits, the best that count as recalled, and the best found by the cue itself that are tied to each other.
RECALLED = 10
TOGETHER = 3
# Recalls of a space that wait at most, the oldest giving way.
MOST_WAITING = 100_000
# Recalls applied in one transaction.
BATCH = 200
# Associations that fade in one transaction.
FADING = 1_000
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall that waits to be applied: Redis' id for it, and the memories, of which the first ``together`` belong together."""

    id: str
    memories: Sequence[UUID]
    together: int

    @property
    def at(self) -> datetime:
        """By the clock of Redis, which is one for all who recall."""
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1000, UTC)


@cache
def _redis() -> tuple[redis.Redis, Line]:
    return connect(), Line()


def note(scope: SpaceScope, hits: Sequence[Hit]) -> None:
    """After a recall has its answer: note what came to mind. One command; without Redis, none."""
    if not hits:
        return
    best = sorted(hits[:RECALLED], key=lambda hit: hit.depth > 0)
    together = sum(hit.depth == 0 for hit in best[:TOGETHER])
    client, line = _redis()
    fields: dict[str, bytes | int] = {"memories": b"".join(hit.memory.id.bytes for hit in best), "together": together}
    try:
        with line.open():
            client.xadd(_stream(scope.space_id), fields, maxlen=MOST_WAITING, approximate=True)  # type: ignore[arg-type]
    except RedisAway:
        LOST.inc()


def waiting(space_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many recalls wait to be applied, for those spaces where any does. Raises ``redis.RedisError``."""
    with _client().pipeline(transaction=False) as pipeline:
        for space_id in space_ids:
            pipeline.xlen(_stream(space_id))
        lengths = pipeline.execute()
    return {space_id: length for space_id, length in zip(space_ids, lengths, strict=True) if length}


def apply_recalls(scope: SpaceScope, *, seconds: float = SECONDS) -> int:
    """Reinforce what was recalled since the last time, as far as the time given suffices; how many recalls that were.

    Raises ``Busy`` while another worker is at the space, and ``redis.RedisError``.
    """
    until = time.monotonic() + seconds
    applied = 0
    while True:
        with space_tx(scope, durable=False):
            first = queries.applied_recalls(scope)
        after = None if first is None or _began_anew(scope, first) else first
        recalls = _read(scope, after)
        if after is not None:
            # Here and not after applying, because a worker may be killed between the two.
            _drop(scope, after)
        if not recalls:
            return applied
        if _apply(scope, first, recalls):
            applied += len(recalls)
            if len(recalls) < BATCH:
                # What came in the meantime can wait for the planner: where recalls never pause, there would be no end.
                _drop(scope, recalls[-1].id)
                return applied
        if time.monotonic() > until:
            return applied


def fade_associations(scope: SpaceScope, *, batch: int = FADING, seconds: float = SECONDS) -> bool:
    """Let associations of what was recalled together fade with time; whether all have, in the time given. Raises ``Busy``."""
    until = time.monotonic() + seconds
    while True:
        with space_tx(scope):
            take_turn(scope)
            count = queries.fade_associations(scope, batch)
        if count < batch:
            return True
        if time.monotonic() > until:
            return False


def forget_recalls(scope: SpaceScope) -> None:
    """Drop what waits to be applied to a space that is gone. Raises ``redis.RedisError``."""
    _client().delete(_stream(scope.space_id))


def _apply(scope: SpaceScope, first: str | None, recalls: Sequence[Recall]) -> bool:
    with space_tx(scope):
        take_turn(scope)
        if not queries.advance_recalls(scope, first, recalls[-1].id):
            return False
        reinforced = [(memory, recall.at) for recall in recalls for memory in recall.memories]
        risen = promote(scope, queries.reinforce(scope, reinforced, often=installation().tiers.promote_recalls))
        queries.link_recalled(scope, [pair for recall in recalls for pair in _pairs(recall)])
        record(scope, Action.APPLY_RECALLS, target=number_of(len(recalls), "recall"))
    count_moves(scope, risen)
    return True


def _pairs(recall: Recall) -> Iterator[tuple[UUID, UUID]]:
    return combinations(recall.memories[: recall.together], 2)


def _read(scope: SpaceScope, after: str | None) -> list[Recall]:
    entries = _client().xrange(_stream(scope.space_id), min=f"({after}" if after else "-", count=BATCH)
    return [
        Recall(entry_id.decode(), _ids(fields[b"memories"]), int(fields[b"together"]))
        for entry_id, fields in entries  # type: ignore[union-attr]
    ]


def _began_anew(scope: SpaceScope, applied_id: str) -> bool:
    """Whether Redis lost the stream and numbers recalls by a clock that was put back: none has come as far as was applied."""
    newest = _client().xrevrange(_stream(scope.space_id), count=1)
    return bool(newest) and _order(newest[0][0].decode()) < _order(applied_id)  # type: ignore[index]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def _ids(packed: bytes) -> list[UUID]:
    return [UUID(bytes=packed[start : start + 16]) for start in range(0, len(packed), 16)]


def _drop(scope: SpaceScope, applied_id: str) -> None:
    milliseconds, sequence = _order(applied_id)
    _client().xtrim(_stream(scope.space_id), minid=f"{milliseconds}-{sequence + 1}", approximate=False)


def _client() -> redis.Redis:
    return _redis()[0]


def _stream(space_id: UUID) -> str:
    return f"engram:recalled:{space_id}"
