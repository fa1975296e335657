"""Indexes over vectors: one for each large tier of a space, built and dropped while everybody goes on.

Exact search is the default: one index over all spaces finds too little of a small one, and an index for each is more than a
planner bears. Recall asks the database itself whether there is a complete index (``engram_has_ann``).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import psycopg

from memory import index_queries as queries
from memory.records import HeldIndex, WantedIndex
from memory.services.work import Busy
from tenants.limits import installation
from tenants.operations import Action, Outcome, record
from tenants.scope import SpaceGone, SpaceScope, space_tx

logger = logging.getLogger(__name__)

# What the graph of an HNSW index takes in memory while it is built, a vector: its numbers, and links to some forty others.
BYTES_A_NUMBER = 2
BYTES_OF_LINKS = 500
KILOBYTE = 1024
LEAST_KILOBYTES, MOST_KILOBYTES = 64 * KILOBYTE, 2 * KILOBYTE * KILOBYTE


@dataclass(frozen=True, slots=True)
class IndexStep:
    """What becomes of an index. One that is ``held`` and not ``wanted``, or not complete, is dropped;
    then what is wanted is built."""

    act: Literal["build", "drop", "keep"]
    index: str
    space_id: UUID
    tier: str
    held: HeldIndex | None
    wanted: WantedIndex | None


@dataclass(frozen=True, slots=True)
class Taken:
    step: IndexStep
    outcome: Outcome


def plan_indexes() -> list[IndexStep]:
    """What reconciling would do now, without doing it. Raises ``Unavailable`` where the owner's address is not known."""
    with queries.owner() as owner:
        return _plan(owner)


def reconcile_indexes(progress: Callable[[IndexStep], object] = lambda step: None) -> list[Taken]:
    """Bring the indexes to what they should be; ``progress`` is told of each step before it is taken.

    Raises ``Busy`` while another worker is at it, or what the server has left to do for one that was killed, and ``Unavailable``
    where the owner's address is not known.
    """
    with queries.owner() as owner, queries.lock_indexes(owner) as held:
        if not held:
            raise Busy("Another worker is building indexes.")
        taken: list[Taken] = []
        for step in _plan(owner):
            progress(step)
            taken.append(Taken(step, _take(owner, step)))
    return taken


def _plan(owner: psycopg.Connection[Any]) -> list[IndexStep]:
    policy = installation().indexes
    limits = {"min_memories": policy.min_memories, "max_indexes": policy.max_indexes}
    wanted = {each.index: each for each in queries.wanted_indexes(owner, **limits)}
    held = {each.index: each for each in queries.held_indexes(owner)}
    drops = [
        IndexStep("drop", each.index, each.space_id, each.tier, each, wanted.get(each.index))
        for each in held.values()
        if each.index not in wanted or not each.valid
    ]
    dropped = {step.index for step in drops}
    stays: Sequence[IndexStep] = [
        IndexStep(
            "keep" if each.index in held and each.index not in dropped else "build",
            each.index,
            each.space_id,
            each.tier,
            held.get(each.index),
            each,
        )
        for each in wanted.values()
    ]
    return [*drops, *stays]


def _take(owner: psycopg.Connection[Any], step: IndexStep) -> Outcome:
    if step.act == "drop":
        queries.drop_index(owner, step.index)
    elif step.act == "build" and step.wanted is not None and not _built(owner, step.wanted):
        _record(step, "failed")
        return "failed"
    if step.act != "keep":
        _record(step, "allowed")
    return "allowed"


def _built(owner: psycopg.Connection[Any], wanted: WantedIndex) -> bool:
    """A space whose index cannot be built must not keep the others from theirs; it is tried again next time."""
    needed = wanted.memories * (wanted.dimension * BYTES_A_NUMBER + BYTES_OF_LINKS) // KILOBYTE
    try:
        queries.build_index(owner, wanted, kilobytes=min(MOST_KILOBYTES, max(LEAST_KILOBYTES, needed)))
    except psycopg.DatabaseError:
        if owner.closed:
            raise
        logger.exception("The index %s could not be built", wanted.index)
        return False
    return True


def _record(step: IndexStep, outcome: Outcome) -> None:
    """In the trail of the space's tenant, unless the space is gone."""
    try:
        scope = SpaceScope.for_task(step.space_id)
    except SpaceGone:
        return
    action = Action.BUILD_INDEX if step.act == "build" else Action.DROP_INDEX
    with space_tx(scope):
        record(scope, action, outcome=outcome, target=step.tier)
