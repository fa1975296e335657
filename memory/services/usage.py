"""What a space uses, and what it may use."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from audit.models import Step
from audit.services.usage import Series, space_series
from memory import queries
from memory.models import Tier
from memory.records import SpaceCounts, TierCount
from tenants.limits import Limits
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx
from tenants.services.limiter import RateNow, rate_now

# As pgvector stores a halfvec.
BYTES_A_NUMBER = 2
VECTOR_HEADER = 8
# A cold vector's code has a byte a number, and beside it a bit a number to search by.
COLD_BYTES_A_NUMBER = 1.125
COLD_VECTOR_HEADER = 12


@dataclass(frozen=True, slots=True)
class TierUsage:
    """What a tier holds and may hold, one of its vectors taking ``vector_bytes``, and whether it is searched by an index."""

    tier: Tier
    count: TierCount
    capacity: int
    vector_bytes: int
    indexed: bool

    @property
    def bytes(self) -> int:
        """Text and vectors; indexes come on top."""
        return self.count.text_bytes + self.count.memories * self.vector_bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """``vector_bytes`` is one vector's, ``cold_vector_bytes`` a cold one's. ``now`` is ``None`` while Redis is away:
    each process counts for itself then. ``indexed`` tiers are searched by an index of their own."""

    space: str
    counts: SpaceCounts
    limits: Limits
    capacity: int
    vector_bytes: int
    cold_vector_bytes: int
    now: RateNow | None
    series: Series
    indexed: Set[str]

    @property
    def tiers(self) -> list[TierUsage]:
        counts, limits = self.counts, self.limits
        return [
            TierUsage(Tier.HOT, counts.hot, limits.hot_capacity_per_space, self.vector_bytes, "hot" in self.indexed),
            TierUsage(
                Tier.WARM, counts.warm, limits.warm_capacity_per_space, self.vector_bytes, "warm" in self.indexed
            ),
            TierUsage(Tier.COLD, counts.cold, limits.cold_capacity_per_space, self.cold_vector_bytes, False),
        ]


def usage(scope: SpaceScope, step: Step = Step.HOUR, after: datetime | None = None) -> Usage:
    """What is used now, and what was asked since ``after``, step by step. Raises ``Invalid`` for too many steps."""
    used = watch_usage(scope, step, after)
    with space_tx(scope, durable=False):
        record(scope, Action.READ_USAGE)
    return used


def watch_usage(scope: SpaceScope, step: Step, after: datetime | None = None) -> Usage:
    """The same for somebody who goes on looking: that they came was recorded by ``usage``."""
    scope.require("read")
    now = rate_now(scope)
    with space_tx(scope, durable=False):
        counts = queries.space_counts(scope)
        series = space_series(scope, step, after)
        indexed = queries.indexed_tiers(scope)
    return Usage(
        space=scope.space,
        counts=counts,
        limits=scope.limits,
        capacity=scope.limits.capacity,
        vector_bytes=scope.embedding_dimension * BYTES_A_NUMBER + VECTOR_HEADER,
        cold_vector_bytes=ceil(scope.embedding_dimension * COLD_BYTES_A_NUMBER) + COLD_VECTOR_HEADER,
        now=now,
        series=series,
        indexed=indexed,
    )
