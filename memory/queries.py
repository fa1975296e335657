"""The only Python that runs the hand-written SQL of ``memory/sql``. Every call that takes a scope belongs inside ``space_tx``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from memory.records import (
    Activated,
    Candidate,
    Flow,
    Hit,
    Link,
    MemoryRecord,
    NewMemory,
    Remembered,
    SpaceCounts,
    SpaceSize,
    TierCount,
    Vector,
)
from memory.vectors import as_text
from tenants import statements
from tenants.scope import SpaceScope

_SQL = statements.load(__file__)


@dataclass(frozen=True, slots=True)
class RecallCall:
    """The arguments of ``engram_recall``, by its parameters' names."""

    vector: Vector | None
    text: str | None
    memory: UUID | None
    semantic: bool
    lexical: bool
    tiers: Sequence[str]
    filters: Mapping[str, Any]
    limit: int
    depth: int
    threshold: float
    pool: int
    ef_search: int
    sample: int
    budget: int
    lexical_weight: float
    decay: float
    fan_out: int
    frontier: int
    bias: float
    sharpness: float
    context: float
    since: datetime | None
    until: datetime | None
    timely: float


def remember(
    scope: SpaceScope, hashes: Sequence[bytes], memories: Sequence[NewMemory], vectors: Sequence[Vector], *, often: int
) -> dict[bytes, Remembered]:
    """Store memories of distinct hashes; the answer is by hash. Of one that is not hot, ``often`` recalls are kept."""
    rows = _run(
        "remember",
        scope,
        hashes=list(hashes),
        contents=[memory.content for memory in memories],
        kinds=[memory.kind for memory in memories],
        confidences=[memory.confidence for memory in memories],
        sessions=[memory.session for memory in memories],
        metadatas=[json.dumps(memory.metadata) for memory in memories],
        observed=[memory.observed_at for memory in memories],
        expires=[memory.expires_at for memory in memories],
        vectors=[as_text(vector) for vector in vectors],
        often=often,
    )
    return {bytes(content_hash): Remembered(memory_id, created) for content_hash, memory_id, created in rows}


def session_tails(scope: SpaceScope, sessions: Sequence[str]) -> dict[str, UUID]:
    return dict(_run("session_tails", scope, sessions=list(sessions)))


def associate(scope: SpaceScope, kind: str, links: Sequence[tuple[UUID, Link]]) -> None:
    """Store links of one kind, each from a source to its ``Link``; no pair twice."""
    _execute(
        "associate",
        scope,
        kind=kind,
        sources=[source for source, _ in links],
        targets=[link.target for _, link in links],
        weights=[link.weight for _, link in links],
    )


def missing_memories(scope: SpaceScope, ids: Sequence[UUID]) -> list[UUID]:
    return [row[0] for row in _run("missing_memories", scope, ids=list(ids))]


def hold_memories(scope: SpaceScope, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are memories of the space, none of which can be forgotten until the transaction ends."""
    return {row[0] for row in _run("hold_memories", scope, ids=list(ids))}


def replace_content(scope: SpaceScope, memory_id: UUID, content: str, content_hash: bytes, vector: Vector) -> None:
    _execute("replace_content", scope, id=memory_id, content=content, hash=content_hash, vector=as_text(vector))


def forget(scope: SpaceScope, memory_id: UUID) -> bool:
    """Whether there was such a memory to forget."""
    return bool(_run("forget", scope, id=memory_id))


def recall(scope: SpaceScope, call: RecallCall) -> tuple[list[Hit], int]:
    """The hits, best first, and how many memories spreading reached."""
    rows = _run(
        "recall",
        scope,
        vector=None if call.vector is None else as_text(call.vector),
        text=call.text,
        memory=call.memory,
        semantic=call.semantic,
        lexical=call.lexical,
        tiers=list(call.tiers),
        filters=json.dumps(call.filters),
        limit=call.limit,
        depth=call.depth,
        threshold=call.threshold,
        pool=call.pool,
        ef_search=call.ef_search,
        sample=call.sample,
        budget=call.budget,
        lexical_weight=call.lexical_weight,
        decay=call.decay,
        fan_out=call.fan_out,
        frontier=call.frontier,
        bias=call.bias,
        sharpness=call.sharpness,
        context=call.context,
        since=call.since,
        until=call.until,
        timely=call.timely,
    )
    return [_hit(scope, row) for row in rows], rows[0][-1] if rows else 0


def _hit(scope: SpaceScope, row: tuple[Any, ...]) -> Hit:
    *memory, score, similarity, lexical, activation, depth, path, _visited = row
    return Hit(_memory(scope, memory), score, similarity, lexical, activation, depth, path)


def find(scope: SpaceScope, memory_id: UUID) -> MemoryRecord | None:
    rows = _run("find", scope, id=memory_id)
    return _memory(scope, rows[0]) if rows else None


def _memory(scope: SpaceScope, row: Sequence[Any]) -> MemoryRecord:
    (
        memory_id, content, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at, tier,
        recall_count, last_recalled_at,
    ) = row  # fmt: skip
    return MemoryRecord(
        id=memory_id,
        space=scope.space,
        content=content,
        kind=kind,
        confidence=confidence,
        session=session,
        metadata=json.loads(metadata) if isinstance(metadata, str) else metadata,
        observed_at=observed_at,
        created_at=created_at,
        updated_at=updated_at,
        expires_at=expires_at,
        tier=tier,
        recall_count=recall_count,
        last_recalled_at=last_recalled_at,
    )


def spread(
    scope: SpaceScope,
    ids: Sequence[UUID],
    *,
    depth: int,
    decay: float,
    threshold: float,
    fan_out: int,
    frontier: int,
    limit: int,
) -> list[Activated]:
    rows = _run(
        "spread",
        scope,
        ids=list(ids),
        depth=depth,
        decay=decay,
        threshold=threshold,
        fan_out=fan_out,
        frontier=frontier,
        limit=limit,
    )
    return [Activated(*row) for row in rows]


def flows(scope: SpaceScope, reached: Sequence[Activated]) -> list[Flow]:
    rows = _run("flows", scope, ids=[memory.id for memory in reached], depths=[memory.depth for memory in reached])
    return [Flow(*row) for row in rows]


def lexicon_growth(scope: SpaceScope) -> tuple[int, int | None]:
    """The space's memories now, and when its lexicon was counted (``None``: never, 0: too long ago)."""
    ((now, counted),) = _run("lexicon_growth", scope)
    return now, counted


def refresh_lexicon(scope: SpaceScope) -> int:
    ((written,),) = _run("refresh_lexicon", scope)
    return int(written)


def reread(scope: SpaceScope, after: UUID, limit: int) -> UUID | None:
    """Read the words of the next memories anew; the last of them, ``None`` if there was none."""
    rows = _run("reread", scope, after=after, limit=limit)
    return rows[0][0] if rows else None


def analyze(scope: SpaceScope) -> None:
    _run("analyze", scope)


def indexed_tiers(scope: SpaceScope) -> set[str]:
    """The tiers of the space that are searched by an index of their own."""
    return {tier for (tier,) in _run("indexed_tiers", scope)}


def unlinked(scope: SpaceScope, limit: int) -> list[tuple[UUID, str, int]]:
    """At most ``limit`` memories whose names are to be read: id, content, which stays until the transaction ends, and how many
    names it was read to have."""
    return list(_run("unlinked", scope, limit=limit))


def keep_entities(scope: SpaceScope, names: Mapping[UUID, Sequence[str]]) -> dict[str, int]:
    """Let these be the memories' names; by how many memories each name is held more, or less, than before."""
    pairs = [(memory_id, name) for memory_id, held in names.items() for name in held]
    rows = _run(
        "keep_entities",
        scope,
        ids=list(names),
        named=[memory_id for memory_id, _ in pairs],
        names=[name for _, name in pairs],
    )
    return dict(rows)


def link_entities(
    scope: SpaceScope, ids: Sequence[UUID], changes: Mapping[str, int], *, most: int, fan_out: int
) -> int:
    """Associate these memories, and all that hold a name of ``changes``, anew; how many associations changed.

    A name that more than ``most`` memories hold ties none of them; a memory keeps its ``fan_out`` heaviest associations.
    """
    ((changed,),) = _run(
        "link_entities",
        scope,
        ids=list(ids),
        names=list(changes),
        changes=list(changes.values()),
        most=most,
        fan_out=fan_out,
    )
    return int(changed)


def candidates(scope: SpaceScope, tier: str, idle_days: int, limit: int) -> tuple[list[Candidate], int]:
    """The memories of a tier that come least readily to mind and were idle for so many days, and how many these are in all."""
    rows = _run("candidates", scope, tier=tier, idle_days=idle_days, limit=limit)
    return [Candidate(*row[:3]) for row in rows], rows[0][3] if rows else 0


def move(scope: SpaceScope, ids: Sequence[UUID], source: str, target: str) -> int:
    """Move memories between tiers; how many were there to move."""
    ((moved,),) = _run("move", scope, ids=list(ids), source=source, target=target)
    return int(moved)


def applied_recalls(scope: SpaceScope) -> str | None:
    """The last of the space's recalls that was applied."""
    rows = _run("applied_recalls", scope)
    return rows[0][0] if rows else None


def advance_recalls(scope: SpaceScope, first: str | None, last: str) -> bool:
    """Note that recalls are applied up to ``last``; false if somebody else has gone on from ``first``."""
    return bool(_run("advance_recalls", scope, first=first, last=last))


def promote(scope: SpaceScope, ids: Sequence[UUID], *, often: int, hours: int) -> dict[str, int]:
    """Let memories rise by a tier that have earned it; how many rose from which tier."""
    return dict(_run("promote", scope, ids=list(ids), often=often, hours=hours))


def reinforce(scope: SpaceScope, recalls: Sequence[tuple[UUID, datetime]], *, often: int) -> list[UUID]:
    """Reinforce memories by their recalls; those that are not hot, of which ``often`` recalls are kept."""
    rows = _run("reinforce", scope, ids=[memory for memory, _ in recalls], times=[at for _, at in recalls], often=often)
    return [row[0] for row in rows]


def link_recalled(scope: SpaceScope, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    _execute("link_recalled", scope, sources=[pair[0] for pair in pairs], targets=[pair[1] for pair in pairs])


def fade_associations(scope: SpaceScope, limit: int) -> int:
    ((looked_at,),) = _run("fade_associations", scope, limit=limit)
    return int(looked_at)


def expire(scope: SpaceScope, limit: int) -> int:
    """Delete at most ``limit`` expired memories; how many there were."""
    ((expired,),) = _run("expire", scope, limit=limit)
    return int(expired)


def erase(scope: SpaceScope, table: str, limit: int) -> int:
    """Delete at most ``limit`` of the space's rows of a table; how many there were."""
    ((erased,),) = _run("erase", scope, table=table, limit=limit)
    return int(erased)


def space_counts(scope: SpaceScope) -> SpaceCounts:
    counts = {tier: TierCount(memories, text_bytes) for tier, memories, text_bytes in _run("space_counts", scope)}
    newest = _run("newest_memory", scope)
    none = TierCount(0, 0)
    return SpaceCounts(
        hot=counts.get("hot", none),
        warm=counts.get("warm", none),
        cold=counts.get("cold", none),
        newest_at=newest[0][0] if newest else None,
    )


def counts_by_space(space_ids: Sequence[UUID]) -> dict[UUID, dict[str, TierCount]]:
    """What spaces of any tenant hold, by tier, for operators; inside ``tenant_tx``, and never in a space's scope."""
    found: dict[UUID, dict[str, TierCount]] = {space_id: {} for space_id in space_ids}
    with connection.cursor() as cursor:
        cursor.execute(_SQL["counts_by_space"], {"space_ids": list(space_ids)})
        for space_id, tier, memories, text_bytes in cursor.fetchall():
            found[space_id][tier] = TierCount(memories, text_bytes)
    return found


def total_memories(scope: SpaceScope) -> int:
    ((total,),) = _run("total_memories", scope)
    return int(total)


def space_sizes(most: int) -> list[SpaceSize]:
    """The sizes of the ``most`` oldest spaces, tier by tier, and of all others together as ``other``; outside of every space."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["space_sizes"], {"most": most})
        return [SpaceSize(*row) for row in cursor.fetchall()]


def lock_capacity(scope: SpaceScope, *, alone_above: int) -> None:
    """Wait for leave to write, which is one writer's alone where the space holds more memories than ``alone_above``."""
    _run("lock_capacity", scope, alone_above=alone_above)


def lock_task(scope: SpaceScope, task: str) -> bool:
    ((held,),) = _run("lock_task", scope, task=task)
    return bool(held)


def keep_plans(scope: SpaceScope) -> None:
    """Check each row against the one it refers to by a plan that is made once: PostgreSQL would plan every check anew."""
    _run("keep_plans", scope)


def _run(statement: str, scope: SpaceScope, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], {"space_id": scope.space_id, **parameters})
        rows: list[Any] = cursor.fetchall()
        return rows


def _execute(statement: str, scope: SpaceScope, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], {"space_id": scope.space_id, **parameters})
