"""What Prometheus is told of spreading and of tiers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from tenants.metrics import space_label
from tenants.scope import SpaceScope

SPREADING_LATENCY = Histogram(
    "engram_spreading_latency_seconds",
    "How long the database took to find seeds and let activation spread from them.",
    ["space"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
TIER_MOVES = Counter("engram_tier_moves", "Memories moved from one tier to another.", ["space", "source", "target"])


@contextmanager
def spreading(scope: SpaceScope, depth: int) -> Iterator[None]:
    """Around a statement that spreads activation; without depth it spreads none."""
    started = time.perf_counter()
    yield
    if depth:
        SPREADING_LATENCY.labels(space_label(scope.space)).observe(time.perf_counter() - started)


def count_moves(scope: SpaceScope, moved: Mapping[tuple[str, str], int]) -> None:
    """How many memories moved, by source and target. Call it when that is committed."""
    for (source, target), memories in moved.items():
        TIER_MOVES.labels(space_label(scope.space), source, target).inc(memories)
