"""Remembering: one memory or a batch, all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from memory import queries, vectors
from memory.models import Association
from memory.records import Link, MemoryRecord, NewMemory, Remembered, Vector, content_hash
from memory.services import capacity, tiers
from memory.services.idempotency import IdempotencyKey, once
from memory.services.memories import find
from tenants.errors import Conflict, Invalid, NotFound, Problem
from tenants.limits import installation
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

TEMPORAL_WEIGHT = 1.0


class InvalidBatch(Invalid):
    """Some memories of the batch are not valid."""

    def __init__(self, by_index: Mapping[int, Invalid]) -> None:
        super().__init__()
        self.by_index = by_index

    def problems(self) -> list[Problem]:
        return [
            replace(problem, attr=f"memories.{index}.{problem.attr}")
            for index, error in sorted(self.by_index.items())
            for problem in error.problems()
        ]


def remember(scope: SpaceScope, memory: NewMemory, key: IdempotencyKey | None = None) -> tuple[MemoryRecord, bool]:
    """Store a memory, or reinforce the one that has this content already; return it and whether it is new.

    Raises ``Invalid`` for a vector or association that does not fit the space, and ``Conflict`` for a key that was used for
    another request, or whose memory is gone.
    """
    scope.require("write")
    try:
        embedded = _vectors(scope, [memory])
        with space_tx(scope):
            (remembered,) = _store_once(scope, [memory], embedded, key)
            stored = _found(scope, remembered)
            record(scope, Action.REMEMBER, target=remembered.id)
        _promote_known(scope, [remembered])
    except InvalidBatch as error:
        raise error.by_index[0] from error
    return stored, remembered.created


def remember_batch(
    scope: SpaceScope, memories: Sequence[NewMemory], key: IdempotencyKey | None = None
) -> list[Remembered]:
    """Store memories in the order given, all or none; the answer is in the same order. Raises ``InvalidBatch``."""
    scope.require("write")
    embedded = _vectors(scope, memories)
    with space_tx(scope):
        remembered = _store_once(scope, memories, embedded, key)
        record(scope, Action.REMEMBER_BATCH, target=number_of(len(memories), "memory", "memories"))
    _promote_known(scope, remembered)
    return remembered


def _store_once(
    scope: SpaceScope, memories: Sequence[NewMemory], embedded: Sequence[Vector], key: IdempotencyKey | None
) -> list[Remembered]:
    def store() -> list[list[Any]]:
        return [[str(stored.id), stored.created] for stored in _store(scope, memories, embedded)]

    return [Remembered(UUID(stored_id), created) for stored_id, created in once(scope, key, store)]


def _found(scope: SpaceScope, remembered: Remembered) -> MemoryRecord:
    try:
        return find(scope, remembered.id)
    except NotFound as error:
        # Only what a request's first sending stored can be gone.
        raise Conflict(
            f"The memory {remembered.id}, which this Idempotency-Key stored, was forgotten since or has expired.",
            "forgotten_since",
        ) from error


def _promote_known(scope: SpaceScope, remembered: Sequence[Remembered]) -> None:
    tiers.promote_remembered(scope, sorted({stored.id for stored in remembered if not stored.created}))


def _vectors(scope: SpaceScope, memories: Sequence[NewMemory]) -> list[Vector]:
    problems: dict[int, Invalid] = {}
    found: dict[int, Vector] = {}
    for index, memory in enumerate(memories):
        if memory.embedding is not None:
            try:
                found[index] = vectors.check(scope, memory.embedding)
            except Invalid as error:
                problems[index] = error
    if problems:
        raise InvalidBatch(problems)
    without = [index for index in range(len(memories)) if index not in found]
    embedded = vectors.embed(scope, [memories[index].content for index in without])
    found.update(zip(without, embedded, strict=True))
    return [found[index] for index in range(len(memories))]


def _store(scope: SpaceScope, memories: Sequence[NewMemory], batch_vectors: Sequence[Vector]) -> list[Remembered]:
    _check_targets(scope, memories)
    queries.keep_plans(scope)
    hashes = [content_hash(memory.content) for memory in memories]
    first = {digest: index for index, digest in reversed(list(enumerate(hashes)))}
    distinct = sorted(first.values())
    capacity.make_room(scope, len(distinct))
    sessions = sorted({memory.session for memory in memories if memory.session})
    tails = queries.session_tails(scope, sessions) if sessions else {}
    stored = queries.remember(
        scope,
        [hashes[index] for index in distinct],
        [memories[index] for index in distinct],
        [batch_vectors[index] for index in distinct],
        often=installation().tiers.promote_recalls,
    )
    if any(item.created for item in stored.values()):
        capacity.check(scope)
    remembered = [
        Remembered(stored[digest].id, stored[digest].created and first[digest] == index)
        for index, digest in enumerate(hashes)
    ]
    _link_sessions(scope, memories, remembered, tails)
    _link_explicitly(scope, memories, remembered)
    return remembered


def _check_targets(scope: SpaceScope, memories: Sequence[NewMemory]) -> None:
    targets = sorted({link.target for memory in memories for link in memory.associations})
    missing = set(targets) - queries.hold_memories(scope, targets) if targets else set()
    problems: dict[int, Invalid] = {}
    for index, memory in enumerate(memories):
        for link in memory.associations:
            if link.target in missing:
                problems[index] = Invalid(
                    f"'associations' names {link.target}, which is not a memory of {scope.space!r}.",
                    "unknown_memory",
                    "associations",
                )
    if problems:
        raise InvalidBatch(problems)


def _link_sessions(
    scope: SpaceScope, memories: Sequence[NewMemory], remembered: Sequence[Remembered], tails: dict[str, UUID]
) -> None:
    """Tie each memory to the one before it in its session, both ways: what happened next to each other belongs together."""
    links: dict[tuple[UUID, UUID], float] = {}
    for memory, stored in zip(memories, remembered, strict=True):
        if memory.session is None:
            continue
        before = tails.get(memory.session)
        if before is not None and before != stored.id:
            links[before, stored.id] = links[stored.id, before] = TEMPORAL_WEIGHT
        tails[memory.session] = stored.id
    if links:
        queries.associate(
            scope,
            Association.Kind.TEMPORAL,
            [(source, Link(target, weight)) for (source, target), weight in links.items()],
        )


def _link_explicitly(scope: SpaceScope, memories: Sequence[NewMemory], remembered: Sequence[Remembered]) -> None:
    links = {
        (stored.id, link.target): link
        for memory, stored in zip(memories, remembered, strict=True)
        for link in memory.associations
        if link.target != stored.id
    }
    if links:
        queries.associate(scope, Association.Kind.EXPLICIT, [(source, link) for (source, _), link in links.items()])
