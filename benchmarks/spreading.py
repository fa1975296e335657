"""Spreading activation through a large space, from one memory and from several at once: the SQL alone, and all of it."""

import random
from collections.abc import Callable, Sequence
from statistics import median
from uuid import UUID

from tqdm import tqdm

from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import FilledSpace
from benchmarks.timing import Latency, in_turns
from memory import queries
from memory.records import Activated
from memory.services import spread as service
from memory.services.recall import SPREADING
from tenants.scope import SpaceScope, space_tx

HOPS = 3
SEVERAL = 10
MOST_MS = 5.0


def measure(space: FilledSpace, count: int) -> Findings:
    """Spread ``count`` times each way, in turns: with the service's threshold, and with none, which reaches furthest."""
    reached: dict[str, list[int]] = {}

    def way(name: str, sources: int, threshold: float) -> Callable[[list[UUID]], None]:
        reached[name] = []

        def run(ids: list[UUID]) -> None:
            with space_tx(space.scope, durable=False):
                reached[name].append(len(spread(space.scope, ids[:sources], threshold)))

        return run

    def whole(ids: list[UUID]) -> None:
        found = service.spread(space.scope, ids[:SEVERAL], HOPS, SPREADING)
        reached[all_of_it].append(len(found.activations))

    default = SPREADING.threshold
    all_of_it = f"{SEVERAL} memories, threshold {default}, the whole service"
    reached[all_of_it] = []
    one, several = f"1 memory, threshold {default}", f"{SEVERAL} memories, threshold {default}"
    ways = {
        one: way(one, 1, default),
        several: way(several, SEVERAL, default),
        "1 memory, threshold 0": way("1 memory, threshold 0", 1, 0),
        f"{SEVERAL} memories, threshold 0": way(f"{SEVERAL} memories, threshold 0", SEVERAL, 0),
        all_of_it: whole,
    }
    taken = in_turns(ways, tqdm(draw_sources(space, count), desc="Spreading", leave=False))
    rows: list[list[Cell]] = []
    for name, milliseconds in taken.items():
        latency = Latency.of(milliseconds)
        rows.append([name, int(median(reached[name])), max(reached[name]), latency.p50, latency.p95, latency.p99])
    title = f"Spreading {HOPS} hops in {len(space.ids):,} memories with {space.associations:,} associations, ms"
    return Findings(
        [Table(title, ["from", "reached, median", "reached, most", "p50", "p95", "p99"], rows)],
        [
            Wanted.at_most(f"p50 of spreading {HOPS} hops from {name}", MOST_MS, median(taken[name]), " ms")
            for name in (one, several)
        ],
    )


def draw_sources(space: FilledSpace, count: int) -> list[list[UUID]]:
    """Sets of ten memories to spread from, drawn evenly."""
    draw = random.Random(count)
    return [draw.sample(space.ids, SEVERAL) for _ in range(count)]


def spread(scope: SpaceScope, ids: Sequence[UUID], threshold: float = SPREADING.threshold) -> list[Activated]:
    """The service's statement with its defaults. Call it inside a transaction of the scope."""
    return queries.spread(
        scope,
        ids,
        depth=HOPS,
        decay=SPREADING.decay,
        threshold=threshold,
        fan_out=SPREADING.fan_out,
        frontier=SPREADING.frontier,
        limit=service.MOST_ACTIVATED,
    )
