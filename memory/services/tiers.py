"""Tiers: which memories of a space should move, and moving them in small transactions.

What a tier is on disk is the database's business (``memory/migrations/0005_cold.py``); here is when a memory goes where.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from memory import metrics, queries
from memory.models import Tier
from memory.records import Candidate, SpaceCounts
from memory.services.work import take_turn
from tenants.limits import Tiers, installation
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

Reason = Literal["idle", "full"]

# Memories chosen at a time: ranking a tier reads all of it, so it is not done for every transaction.
MOST_CHOSEN = 10_000
# How long a worker stays with one space before others have their turn.
SECONDS = 10.0
# The first to go that a plan shows.
MOST_SHOWN = 5

Moved = Mapping[tuple[str, str], int]

_ABOVE: Mapping[str, str] = {Tier.COLD: Tier.WARM, Tier.WARM: Tier.HOT}


@dataclass(frozen=True, slots=True)
class Step:
    """Some memories that should move down, the least retrievable first, and why."""

    source: Tier
    target: Tier
    reason: Reason
    memories: int
    first: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class TierView:
    tier: Tier
    memories: int
    capacity: int


@dataclass(frozen=True, slots=True)
class TierPlan:
    """What a space holds, and the steps that a rebalancing would begin with; what moves down may push others on."""

    space: str
    tiers: Sequence[TierView]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Rebalanced:
    """``moved`` counts memories by source and target; ``done`` is whether nothing is left to move."""

    moved: Moved
    done: bool


def plan_tiers(scope: SpaceScope) -> TierPlan:
    """What would move now and why, without moving it."""
    with space_tx(scope, durable=False):
        counts = queries.space_counts(scope)
        steps = _steps(scope, counts, MOST_SHOWN)
        record(scope, Action.VIEW_TIERS)
    held = _held(counts)
    return TierPlan(scope.space, [TierView(tier, held[tier], scope.limits.capacity_of(tier)) for tier in Tier], steps)


def rebalance(
    scope: SpaceScope, *, seconds: float = SECONDS, progress: Callable[[int], object] = lambda moved: None
) -> Rebalanced:
    """Move down what is too much or too long idle, until nothing is, or for the time given.

    ``progress`` is told how many moved after each transaction. Raises ``Busy`` while another worker is at the space.
    """
    until = time.monotonic() + seconds
    moved: Counter[tuple[str, str]] = Counter()
    while True:
        with space_tx(scope, durable=False):
            steps = _steps(scope, queries.space_counts(scope), MOST_CHOSEN)
        before = moved.total()
        for step in steps:
            for batch in _batches(step, installation().tiers.batch):
                count = _move(scope, batch, step)
                moved[step.source, step.target] += count
                progress(count)
                if time.monotonic() > until:
                    return Rebalanced(moved, done=False)
        # Where nothing moved, what is left is in somebody's hands just now.
        if moved.total() == before:
            return Rebalanced(moved, done=True)


def promote(scope: SpaceScope, ids: Sequence[UUID]) -> Moved:
    """Inside ``space_tx``: let memories that came to mind again rise by a tier, cold ones always and warm ones once it was often
    enough. What rises may fill a tier beyond its capacity; the next rebalancing lets others go down for it."""
    policy = installation().tiers
    risen = queries.promote(scope, ids, often=policy.promote_recalls, hours=policy.promote_hours)
    return {(source, _ABOVE[source]): memories for source, memories in risen.items()}


def promote_remembered(scope: SpaceScope, ids: Sequence[UUID]) -> None:
    """After memories were remembered again: let them rise as recalled ones do, a batch in a transaction of its own.

    Not together with remembering them, which holds tallies in an order in which promoting must not ask for them.
    """
    batch = installation().tiers.batch
    for start in range(0, len(ids), batch):
        with space_tx(scope):
            risen = promote(scope, ids[start : start + batch])
        metrics.count_moves(scope, risen)


def _steps(scope: SpaceScope, counts: SpaceCounts, most: int) -> list[Step]:
    """Warm memories first, which makes room for hot ones. No tier is given more than its capacity."""
    policy, held = installation().tiers, _held(counts)
    room = {tier: scope.limits.capacity_of(tier) - held[tier] for tier in Tier}
    idle, idle_in_all = queries.candidates(scope, Tier.WARM, policy.idle_days, most)
    steps = [_step(Tier.WARM, Tier.COLD, "idle", idle, min(idle_in_all, room[Tier.COLD]))]
    if not steps[0].memories:
        steps.append(_full(scope, policy, held, room, Tier.WARM, Tier.COLD, most))
    steps.append(_full(scope, policy, held, room, Tier.HOT, Tier.WARM, most))
    return [step for step in steps if step.memories]


def _full(
    scope: SpaceScope,
    policy: Tiers,
    held: Mapping[Tier, int],
    room: Mapping[Tier, int],
    source: Tier,
    target: Tier,
    most: int,
) -> Step:
    too_many = held[source] - scope.limits.capacity_of(source) * policy.full_percent // 100
    memories = max(0, min(too_many, room[target]))
    found, _ = queries.candidates(scope, source, 0, min(memories, most)) if memories else ([], 0)
    return _step(source, target, "full", found, memories)


def _step(source: Tier, target: Tier, reason: Reason, found: Sequence[Candidate], memories: int) -> Step:
    return Step(source, target, reason, max(0, memories), found[: max(0, memories)])


def _batches(step: Step, size: int) -> list[Sequence[Candidate]]:
    return [step.first[start : start + size] for start in range(0, len(step.first), size)]


def _move(scope: SpaceScope, batch: Sequence[Candidate], step: Step) -> int:
    with space_tx(scope):
        take_turn(scope)
        count = queries.move(scope, [candidate.id for candidate in batch], step.source, step.target)
        if count:
            moved = number_of(count, "memory", "memories")
            record(scope, Action.REBALANCE, target=f"{moved}, {step.source} to {step.target}: {step.reason}")
    metrics.count_moves(scope, {(step.source, step.target): count})
    return count


def _held(counts: SpaceCounts) -> dict[Tier, int]:
    return {Tier.HOT: counts.hot.memories, Tier.WARM: counts.warm.memories, Tier.COLD: counts.cold.memories}
