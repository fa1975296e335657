"""Recall, spreading and remembering: how fast they are, how right, and what isolation costs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from tqdm import tqdm

from benchmarks import batches, cues, locks, spreading
from benchmarks.bulk import Loader
from benchmarks.clients import Client, keep_asking
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings
from benchmarks.spaces import FilledSpace, fill, make_tenant
from memory.services.recall import Cue, prepare

# A token names at most a hundred spaces.
SPACES_PER_TENANT = 100
INBOX = "bench-inbox"
WARM_UP_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure: ``spaces`` maps a space's memories to the cues it is asked, ``crowd`` is in seconds."""

    spaces: Mapping[int, int]
    embedded: int
    neighbours: int
    neighbour_memories: int
    crowd: float
    calls: int
    rounds: int


FULL = Scale(
    spaces={1_000: 300, 10_000: 300, 100_000: 100},
    embedded=500,
    neighbours=200,
    neighbour_memories=500,
    crowd=5,
    calls=300,
    rounds=5,
)
QUICK = Scale(
    spaces={1_000: 60, 10_000: 60, 20_000: 30},
    embedded=60,
    neighbours=20,
    neighbour_memories=100,
    crowd=1,
    calls=60,
    rounds=1,
)


def measure(installation: Installation, *, quick: bool) -> Findings:
    scale = QUICK if quick else FULL
    corpus = Corpus(seed=1)
    with Loader(installation.admin_url) as loader:
        spaces = _fill_spaces(scale, corpus, loader)
        neighbours = _fill_neighbours(scale, corpus, loader)
        loader.settle()
    tenant, largest = spaces[-1].tenant, spaces[-1]
    clients = [tenant.client(installation) for _ in range(cues.CLIENTS)]
    _warm_up(clients, largest)
    middle = next(space for space in spaces if len(space.ids) == cues.MIDDLE)
    calls = [prepare(middle.scope, Cue(query=text)) for text in islice(cycle(middle.questions), scale.calls)]
    asked = list(zip(spaces, scale.spaces.values(), strict=True))
    return (
        cues.measure(installation, asked, neighbours, corpus, scale.crowd)
        + locks.measure(middle, calls)
        + spreading.measure(largest, scale.calls)
        + batches.measure(INBOX, clients, corpus, scale.rounds)
    )


def _fill_spaces(scale: Scale, corpus: Corpus, loader: Loader) -> list[FilledSpace]:
    names = {f"bench-{size}": size for size in scale.spaces}
    tenant = make_tenant("bench", [*names, INBOX])
    with tqdm(total=sum(scale.spaces), desc="Filling spaces", unit="memory", leave=False) as bar:
        return [fill(tenant, name, size, scale.embedded, corpus, loader, bar) for name, size in names.items()]


def _fill_neighbours(scale: Scale, corpus: Corpus, loader: Loader) -> list[FilledSpace]:
    names = [f"neighbour-{number}" for number in range(scale.neighbours)]
    tenants = [
        make_tenant(f"neighbours-{start}", names[start : start + SPACES_PER_TENANT])
        for start in range(0, len(names), SPACES_PER_TENANT)
    ]
    size = scale.neighbour_memories
    with tqdm(total=size * len(names), desc="Filling neighbours", unit="memory", leave=False) as bar:
        return [
            fill(tenants[number // SPACES_PER_TENANT], name, size, cues.NEIGHBOUR_CUES, corpus, loader, bar)
            for number, name in enumerate(names)
        ]


def _warm_up(clients: Sequence[Client], space: FilledSpace) -> None:
    """Let every web worker load its model and open its connections."""
    bodies = [json.dumps({"query": text}).encode() for text in space.questions]
    keep_asking(clients, f"spaces/{space.name}/recall/", bodies, WARM_UP_SECONDS)
