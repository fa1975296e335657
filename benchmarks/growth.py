"""Growth: what recall feels of the memories in its space, and of those of others around it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median

from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.clients import Client
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.plot import Chart, draw
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import FilledSpace, fill, make_tenant
from benchmarks.timing import Latency, in_turns
from benchmarks.truth import StoredVectors
from memory.embedders import get_embedder
from memory.services.indexes import reconcile_indexes
from memory.services.recall import Cue, recall

DEPTH = 2
# Memories whose vectors are the embedder's own, which questions are asked about.
ASKED = 200
NEIGHBOUR = 1_000
SPACES_PER_TENANT = 100
WARM_UP = 20
MOST_GROWN = 2.0
MOST_MOVED = 1.10
LEAST_FOUND = 0.98


@dataclass(frozen=True, slots=True)
class Scale:
    """``spaces`` by their memories, ``foreign`` memories around them at each stage, ``rounds`` of questions to each."""

    spaces: Sequence[int]
    foreign: Sequence[int]
    rounds: int


FULL = Scale(spaces=(1_000, 3_000, 10_000, 30_000, 100_000), foreign=(0, 5_000, 50_000, 500_000), rounds=300)
QUICK = Scale(spaces=(1_000, 3_000, 10_000, 20_000), foreign=(0, 5_000, 20_000), rounds=100)


def measure(installation: Installation, *, quick: bool, plots: Path | None = None) -> Findings:
    """Foreign memories first: they go on standing around the spaces that grow. ``plots`` is a folder to draw into."""
    scale, corpus = (QUICK if quick else FULL), Corpus(seed=5)
    names = {f"growth-{size}": size for size in scale.spaces}
    tenant = make_tenant("growth", [*names])
    client = tenant.client(installation)
    with Loader(installation.admin_url) as loader, tqdm(desc="Filling", unit="memory", leave=False) as bar:
        (first, size), *larger = names.items()
        smallest = fill(tenant, first, size, ASKED, corpus, loader, bar)
        foreign = _among_others(scale, client, smallest, _neighbours(scale.foreign, corpus, loader, bar))
        spaces = [smallest, *(fill(tenant, name, size, ASKED, corpus, loader, bar) for name, size in larger)]
        loader.settle()
    reconcile_indexes()
    grown = _in_spaces(scale, client, spaces)
    found = {space.name: _found(installation, space) for space in spaces}
    if plots is not None:
        _draw(plots, grown, foreign)
    return _findings(spaces, grown, foreign, found)


def _neighbours(stages: Sequence[int], corpus: Corpus, loader: Loader, bar: tqdm) -> Callable[[int], None]:
    """What brings the foreign memories, in spaces of a thousand, up to a stage's number."""
    names = [f"neighbour-{number}" for number in range(max(stages) // NEIGHBOUR)]
    tenants = [
        make_tenant(f"neighbours-{start}", names[start : start + SPACES_PER_TENANT])
        for start in range(0, len(names), SPACES_PER_TENANT)
    ]
    filled = 0

    def fill_up(memories: int) -> None:
        nonlocal filled
        while filled < memories // NEIGHBOUR:
            fill(tenants[filled // SPACES_PER_TENANT], names[filled], NEIGHBOUR, 0, corpus, loader, bar)
            filled += 1
        loader.settle()

    return fill_up


def _among_others(
    scale: Scale, client: Client, space: FilledSpace, fill_up: Callable[[int], None]
) -> dict[int, tuple[float, float]]:
    """Stage by stage: recall's p50, and the time that the embedder alone takes for the same questions, which no foreign memory
    changes: what the machine was like meanwhile."""
    taken: dict[int, tuple[float, float]] = {}
    for memories in scale.foreign:
        fill_up(memories)
        arms: Mapping[str, Callable[[str], object]] = {
            "recall": lambda text: _ask(client, space, text),
            "embed": lambda text: get_embedder().embed([text]),
        }
        for text in space.questions[:WARM_UP]:
            _ask(client, space, text)
        times = in_turns(arms, islice(cycle(space.questions), scale.rounds))
        taken[memories] = (median(times["recall"]), median(times["embed"]))
    return taken


def _in_spaces(scale: Scale, client: Client, spaces: Sequence[FilledSpace]) -> dict[str, list[float]]:
    arms: dict[str, Callable[[int], object]] = {
        space.name: lambda turn, space=space: _ask(client, space, space.questions[turn % ASKED])  # type: ignore[misc]
        for space in spaces
    }
    in_turns(arms, range(WARM_UP))
    return in_turns(arms, range(scale.rounds))


def _ask(client: Client, space: FilledSpace, text: str) -> None:
    body = json.dumps({"query": text, "depth": DEPTH}).encode()
    client.post_raw(f"spaces/{space.name}/recall/", body)


def _found(installation: Installation, space: FilledSpace) -> float:
    """The share of the ten nearest by exact cosine that recall by meaning alone gives."""
    truth = StoredVectors.read(installation.owner_url, space.scope.space_id)
    cues = get_embedder().embed(list(space.questions[:100]))
    answers = [
        recall(space.scope, Cue(embedding=cue.tolist(), depth=0, seeds=frozenset({"semantic"}))).hits for cue in cues
    ]
    return mean(truth.recall(cue, [hit.memory.id for hit in hits]) for cue, hits in zip(cues, answers, strict=True))


def _draw(folder: Path, grown: Mapping[str, Sequence[float]], foreign: Mapping[int, tuple[float, float]]) -> None:
    inside = [(float(name.removeprefix("growth-")), median(times)) for name, times in grown.items()]
    around = [(float(memories), recalled) for memories, (recalled, _) in foreign.items()]
    draw(
        Chart("Recall in a growing space", "memories in the space", "p50, ms", inside, MOST_GROWN * inside[0][1]),
        folder / "growth.svg",
    )
    draw(
        Chart(
            "Recall in 1,000 memories among others'", "foreign memories", "p50, ms", around, MOST_MOVED * around[0][1]
        ),
        folder / "growth-foreign.svg",
    )


def _findings(
    spaces: Sequence[FilledSpace],
    grown: Mapping[str, Sequence[float]],
    foreign: Mapping[int, tuple[float, float]],
    found: Mapping[str, float],
) -> Findings:
    latencies = {name: Latency.of(times) for name, times in grown.items()}
    base, (alone, embedding) = latencies[spaces[0].name].p50, foreign[0]
    inside = [
        [len(space.ids), space.associations, seen.p50, seen.p95, seen.p50 / base, found[space.name]]
        for space in spaces
        for seen in [latencies[space.name]]
    ]
    moved = {memories: (recalled / alone) / (machine / embedding) for memories, (recalled, machine) in foreign.items()}
    around = [
        [memories, recalled, recalled / alone, machine / embedding, moved[memories]]
        for memories, (recalled, machine) in foreign.items()
    ]
    return Findings(
        [
            Table(
                "Recall by text over HTTP, depth 2",
                ["memories", "associations", "p50", "p95", "p50, times the first", "recall@10 of the nearest"],
                inside,
            ),
            Table(
                "The same in 1,000 memories, among others'",
                ["foreign memories", "p50", "times alone", "embedding, times then", "times alone, machine's share out"],
                around,
            ),
        ],
        [
            Wanted.at_most("p50 in the largest space, times the smallest's", MOST_GROWN, inside[-1][4]),
            Wanted.at_most("p50 among all foreign memories, times alone", MOST_MOVED, moved[max(moved)]),
            Wanted.at_least("recall@10 against exact, in the worst space", LEAST_FOUND, min(found.values())),
        ],
    )
