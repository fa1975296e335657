"""Remembering in batches over HTTP: with the client's vectors, and with the server embedding the texts."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from tqdm import tqdm

from benchmarks.clients import Client, share_out
from benchmarks.corpus import Corpus
from benchmarks.report import Findings, Table, Wanted
from benchmarks.timing import in_turns
from memory.embedders import get_embedder

LEAST_RATE = 1_500
LEAST_SHARE = 0.85
HTTP, ALONE = "over HTTP", "embedding alone"


@dataclass(frozen=True, slots=True)
class Way:
    """``memories`` a round, in batches of ``batch`` over ``connections`` at once."""

    batch: int
    connections: int
    memories: int


WITH_VECTORS = (Way(200, 1, 2_000), Way(200, 2, 2_000), Way(1_000, 1, 2_000), Way(1_000, 2, 4_000))
WITH_TEXT = (Way(200, 1, 400), Way(200, 2, 800), Way(1_000, 1, 1_000))


@dataclass(frozen=True, slots=True)
class Load:
    """New memories in batches: their texts, and the bodies that carry them."""

    texts: Sequence[Sequence[str]]
    bodies: Sequence[bytes]


def measure(space: str, clients: Sequence[Client], corpus: Corpus, rounds: int) -> Findings:
    """Send new memories to a space, each way ``rounds`` times; where the server embeds, embed the same here in turns."""
    path = f"spaces/{space}/memories/batch/"
    rates, shares = {}, {}
    for way in WITH_VECTORS:
        taken = in_turns({HTTP: _send(way, path, clients)}, _loads(way, corpus, rounds, vectors=True))
        rates[way] = _rate(way, taken[HTTP])
    for way in WITH_TEXT:
        taken = in_turns({HTTP: _send(way, path, clients), ALONE: _embed}, _loads(way, corpus, rounds, vectors=False))
        shares[way] = _rate(way, taken[HTTP]), _rate(way, taken[ALONE])
    return Findings(
        [
            Table(
                "Remembering in batches with the client's vectors",
                ["batch", "connections", "memories/s"],
                [[way.batch, way.connections, rate] for way, rate in rates.items()],
            ),
            Table(
                "Remembering in batches of texts that the server embeds",
                ["batch", "connections", "memories/s", "embedding alone, texts/s", "share"],
                [[way.batch, way.connections, over, alone, over / alone] for way, (over, alone) in shares.items()],
            ),
        ],
        [
            Wanted.at_least("memories/s in batches with vectors, the slowest way", LEAST_RATE, min(rates.values())),
            Wanted.at_least(
                "share of the embedder's rate in batches of texts, the slowest way",
                LEAST_SHARE,
                min(over / alone for over, alone in shares.values()),
            ),
        ],
    )


def _send(way: Way, path: str, clients: Sequence[Client]) -> Callable[[Load], object]:
    return lambda load: share_out(clients[: way.connections], path, load.bodies)


def _embed(load: Load) -> None:
    for batch in load.texts:
        get_embedder().embed(batch)


def _rate(way: Way, milliseconds: Sequence[float]) -> float:
    """Memories per second in the middling round."""
    return way.memories / median(milliseconds) * 1000


def _loads(way: Way, corpus: Corpus, rounds: int, *, vectors: bool) -> Iterator[Load]:
    """What to send in each round, made while no clock runs."""
    title = f"Batches of {way.batch:,} {'with vectors' if vectors else 'of texts'} over {way.connections}"
    for _ in tqdm(range(rounds), desc=title, unit="round", leave=False):
        batches = [corpus.texts(way.batch) for _ in range(way.memories // way.batch)]
        memories = [[{"content": text.content} for text in batch] for batch in batches]
        if vectors:
            memories = [
                [
                    {**memory, "embedding": vector.tolist()}
                    for memory, vector in zip(batch, corpus.vectors(texts), strict=True)
                ]
                for batch, texts in zip(memories, batches, strict=True)
            ]
        yield Load(
            [[text.content for text in batch] for batch in batches],
            [json.dumps({"memories": batch}).encode() for batch in memories],
        )
