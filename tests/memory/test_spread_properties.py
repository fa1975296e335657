"""Spreading over random graphs, held against a plain account of the same rules, with a twin graph in another space."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from operator import itemgetter
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import queries
from memory.models import Association
from memory.records import Activated, Flow, Link, NewMemory
from memory.services.recall import Spreading
from memory.services.remember import remember_batch
from memory.services.spread import spread
from tenants.scope import SpaceScope, space_tx
from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.world import World, scope_of

MOST_NODES = 40
KINDS = (Association.Kind.TEMPORAL.value, Association.Kind.EXPLICIT.value)

# (source, target, kind) → weight, the nodes being numbers; weights are of the precision that is stored.
Edges = Mapping[tuple[int, int, str], float]


@dataclass(frozen=True)
class Graph:
    edges: Edges
    sources: list[int]


@dataclass(frozen=True)
class Twins:
    """Two spaces with memories of the same number; ``ids`` are the first one's, in the order of their nodes."""

    scope: SpaceScope
    ids: list[UUID]
    other_scope: SpaceScope
    other_ids: list[UUID]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, MOST_NODES))
    node = st.integers(0, count - 1)
    edge = st.tuples(node, node, st.sampled_from(KINDS)).filter(lambda edge: edge[0] != edge[1])
    weight = st.one_of(st.sampled_from([0.25, 0.5, 1.0]), st.floats(2**-10, 1, width=32))
    least = draw(st.integers(0, count))
    edges = draw(st.dictionaries(edge, weight, min_size=least, max_size=4 * count)) if count > 1 else {}
    return Graph(edges, draw(st.lists(node, min_size=1, max_size=5, unique=True)))


SPREADINGS = st.builds(
    Spreading,
    decay=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
    threshold=st.sampled_from([0.0, 0.01, 0.05, 0.3]),
    fan_out=st.sampled_from([1, 3, 32]),
    frontier=st.sampled_from([2, 500]),
)
DEPTHS = st.integers(0, 5)

over_graphs = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def twins(world: World) -> Twins:
    made = []
    for name in ("acme_graph", "acme_twin"):
        space: SpaceApi = space_of_vectors(name, 1)
        memories = [NewMemory(f"Node {n}.", embedding=[1.0]) for n in range(MOST_NODES)]
        scope = scope_of(space.space)
        made += [scope, [stored.id for stored in remember_batch(scope, memories)]]
    return Twins(*made)


def lay(twins: Twins, edges: Edges) -> None:
    """Make these, and only these, the associations of both spaces."""
    for scope, ids in ((twins.scope, twins.ids), (twins.other_scope, twins.other_ids)):
        with space_tx(scope):
            Association.objects.all().delete()
            for kind in KINDS:
                links = [(ids[a], Link(ids[b], weight)) for (a, b, of), weight in edges.items() if of == kind]
                queries.associate(scope, kind, links)


def spread_over(twins: Twins, graph: Graph, depth: int, spreading: Spreading) -> tuple[list[Activated], list[Flow]]:
    result = spread(twins.scope, [twins.ids[source] for source in graph.sources], depth, spreading)
    return list(result.activations), list(result.flows)


def expected(edges: Edges, sources: Sequence[int], depth: int, by: Spreading) -> dict[int, tuple[float, int]]:
    """Each node that activation reaches: its activation, and the hops of the path that first brought it the most."""
    outgoing = defaultdict(list)
    for (source, target, kind), weight in edges.items():
        outgoing[source].append((-weight, target, kind))
    received = dict.fromkeys(sources, 0.0)
    hops = dict.fromkeys(sources, 0)
    passing = {source: 1.0 for source in sources[: by.frontier] if by.threshold <= 1}
    for _ in range(depth):
        gains: dict[int, float] = defaultdict(float)
        bringers: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for source, activation in passing.items():
            heaviest = sorted(outgoing[source])[: by.fan_out]
            fan = max(1.0, sum(-negative for negative, _, _ in heaviest))
            for negative, target, _ in heaviest:
                gains[target] += activation * -negative * by.decay / sqrt(fan)
                bringers[target].append((activation * -negative / sqrt(fan), source))
        gains = {node: min(1.0, gain) for node, gain in gains.items() if node in hops or min(1.0, gain) >= by.threshold}
        new = {node: hops[max(bringers[node], key=itemgetter(0))[1]] + 1 for node in gains if node not in hops}
        hops |= new
        for node, gain in gains.items():
            received[node] = received.get(node, 0.0) + gain
        strongest = sorted(gains, key=lambda node: (-gains[node], node))
        passing = {node: gains[node] for node in strongest[: by.frontier] if gains[node] >= by.threshold}
    return {node: (min(1.0, (node in sources) + gain), hops[node]) for node, gain in received.items()}


@given(graph=graphs(), depth=DEPTHS, spreading=SPREADINGS)
@over_graphs
def test_activations_and_depths_are_those_of_the_plain_account(
    twins: Twins, graph: Graph, depth: int, spreading: Spreading
) -> None:
    lay(twins, graph.edges)
    activations, _ = spread_over(twins, graph, depth, spreading)
    found = {twins.ids.index(reached.id): (reached.activation, reached.depth) for reached in activations}
    wanted = expected(graph.edges, graph.sources, depth, spreading)
    assert {node: hop for node, (_, hop) in found.items()} == {node: hop for node, (_, hop) in wanted.items()}
    assert {node: activation for node, (activation, _) in found.items()} == pytest.approx(
        {node: activation for node, (activation, _) in wanted.items()}, abs=1e-6
    )


@given(graph=graphs(), depth=DEPTHS, spreading=SPREADINGS)
@over_graphs
def test_it_stays_in_its_space_and_its_bounds_and_ends(
    twins: Twins, graph: Graph, depth: int, spreading: Spreading
) -> None:
    lay(twins, graph.edges)
    activations, flows = spread_over(twins, graph, depth, spreading)
    everything = {reached.id for reached in activations}
    everything |= {memory_id for reached in activations for memory_id in reached.path}
    everything |= {memory_id for flow in flows for memory_id in (flow.source, flow.target)}
    assert everything <= set(twins.ids)
    assert len(activations) == len({reached.id for reached in activations})
    assert all(0 <= reached.activation <= 1 for reached in activations)
    assert all(0 <= reached.depth <= depth for reached in activations)


@given(graph=graphs(), depth=DEPTHS, spreading=SPREADINGS)
@over_graphs
def test_a_path_leads_from_a_source_along_associations_in_as_many_hops_as_the_depth(
    twins: Twins, graph: Graph, depth: int, spreading: Spreading
) -> None:
    lay(twins, graph.edges)
    linked = {(twins.ids[source], twins.ids[target]) for source, target, _ in graph.edges}
    activations, flows = spread_over(twins, graph, depth, spreading)
    sources = {twins.ids[source] for source in graph.sources}
    steps = [step for reached in activations for step in pairwise(reached.path)]
    assert all(reached.path[0] in sources for reached in activations)
    assert all(reached.path[-1] == reached.id for reached in activations)
    assert all(len(reached.path) == reached.depth + 1 for reached in activations)
    assert set(steps) <= {(flow.source, flow.target) for flow in flows} <= linked


@given(graph=graphs(), depth=st.integers(0, 4), spreading=SPREADINGS)
@over_graphs
def test_a_hop_more_reaches_no_less_and_the_same_twice_is_the_same(
    twins: Twins, graph: Graph, depth: int, spreading: Spreading
) -> None:
    lay(twins, graph.edges)
    near = spread_over(twins, graph, depth, spreading)
    far, _ = spread_over(twins, graph, depth + 1, spreading)
    assert near == spread_over(twins, graph, depth, spreading)
    assert {(reached.id, reached.depth) for reached in near[0]} <= {(reached.id, reached.depth) for reached in far}
