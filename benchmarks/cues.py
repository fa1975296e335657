"""Recall by text and by vector: over HTTP and by its parts, by one client and by eight, and whether it is right."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from uuid import UUID

from tqdm import tqdm

from benchmarks.clients import keep_asking
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import FilledSpace
from benchmarks.timing import Latency, in_turns
from benchmarks.truth import StoredVectors
from memory import queries
from memory.embedders import get_embedder
from memory.queries import RecallCall
from memory.records import Vector
from memory.services.recall import Cue, prepare
from tenants.scope import SpaceScope, space_tx

LIMIT = 10
# The space that figures are held to.
MIDDLE = 10_000
NEIGHBOUR_CUES = 10
CLIENTS = 8
TEXT, TEXT_SQL, EMBEDDING = "text, over HTTP", "text, the SQL alone", "text, embedding alone"
VECTOR, VECTOR_SQL = "vector, over HTTP", "vector, the SQL alone"


@dataclass(frozen=True, slots=True)
class Question:
    """One cue in two forms: a text, to be answered by meaning, words and two hops, and a vector, to be answered with the
    nearest memories and nothing else, to which there is one right answer."""

    text: str
    text_body: bytes
    text_call: RecallCall
    vector: Vector
    vector_body: bytes
    vector_call: RecallCall


@dataclass(frozen=True, slots=True)
class Asked:
    """Milliseconds by way of asking, the rows of the shortest answer, and the mean recall@10."""

    taken: dict[str, list[float]]
    rows: int
    recall: float


def measure(
    installation: Installation,
    spaces: Iterable[tuple[FilledSpace, int]],
    neighbours: Sequence[FilledSpace],
    corpus: Corpus,
    seconds: float,
) -> Findings:
    """Ask each space as many questions as it is given with, and each of its neighbours ten."""
    asked: dict[int, list[Asked]] = {}
    crowded: list[list[Cell]] = []
    for space, count in spaces:
        truth = StoredVectors.read(installation.owner_url, space.scope.space_id)
        cues = questions(space, truth, corpus, count)
        asked[len(space.ids)] = [ask(installation, space, truth, cues)]
        crowded += crowd(installation, space, cues, seconds)
    for space in tqdm(neighbours, desc="Asking its neighbours", leave=False):
        truth = StoredVectors.read(installation.owner_url, space.scope.space_id)
        cues = questions(space, truth, corpus, NEIGHBOUR_CUES)
        asked.setdefault(len(space.ids), []).append(ask(installation, space, truth, cues))
    return Findings([_latencies(asked), _answers(asked), _crowds(crowded)], _wanted(asked))


def questions(space: FilledSpace, truth: StoredVectors, corpus: Corpus, count: int) -> list[Question]:
    """Cues for a space: its texts in turn, and vectors near to memories from everywhere in it."""
    step = max(1, len(truth.ids) // count)
    return [
        _question(
            space.scope,
            space.questions[turn % len(space.questions)],
            corpus.near(truth.vectors[turn * step % len(truth.ids)]),
        )
        for turn in range(count)
    ]


def ask(installation: Installation, space: FilledSpace, truth: StoredVectors, cues: Sequence[Question]) -> Asked:
    """Ask a space every question over HTTP and by the parts that make up the answer, in turns, by one client."""
    scope, path = space.scope, _path(space)
    client = space.tenant.client(installation)
    texts: list[bytes] = []
    vectors: list[bytes] = []
    arms: dict[str, Callable[[Question], object]] = {
        TEXT: lambda cue: texts.append(client.post_raw(path, cue.text_body)),
        TEXT_SQL: lambda cue: recall_alone(scope, cue.text_call),
        EMBEDDING: lambda cue: get_embedder().embed([cue.text]),
        VECTOR: lambda cue: vectors.append(client.post_raw(path, cue.vector_body)),
        VECTOR_SQL: lambda cue: recall_alone(scope, cue.vector_call),
    }
    taken = in_turns(arms, tqdm(cues, desc=f"Asking {space.name}", unit="cue", leave=False))
    client.close()
    answered = [_ids(answer) for answer in vectors]
    right = [truth.recall(cue.vector, ids, LIMIT) for cue, ids in zip(cues, answered, strict=True)]
    return Asked(taken, min(len(ids) for ids in [*answered, *map(_ids, texts)]), mean(right))


def recall_alone(scope: SpaceScope, call: RecallCall) -> None:
    with space_tx(scope, durable=False):
        queries.recall(scope, call)


def crowd(installation: Installation, space: FilledSpace, cues: Sequence[Question], seconds: float) -> list[list[Cell]]:
    """Let eight clients ask a space at once, by text, then by vector: a row each with what they got out of it."""
    clients = [space.tenant.client(installation) for _ in range(CLIENTS)]
    rows: list[list[Cell]] = []
    for way, bodies in {"text": [cue.text_body for cue in cues], "vector": [cue.vector_body for cue in cues]}.items():
        taken = keep_asking(clients, _path(space), bodies, seconds)
        latency = Latency.of(taken)
        rows.append([len(space.ids), way, len(taken) / seconds, latency.p50, latency.p95, latency.p99])
    for client in clients:
        client.close()
    return rows


def _question(scope: SpaceScope, text: str, vector: Vector) -> Question:
    return Question(
        text,
        json.dumps({"query": text, "limit": LIMIT}).encode(),
        prepare(scope, Cue(query=text, limit=LIMIT)),
        vector,
        json.dumps({"embedding": vector.tolist(), "seeds": ["semantic"], "depth": 0, "limit": LIMIT}).encode(),
        prepare(scope, Cue(embedding=vector.tolist(), seeds=frozenset({"semantic"}), depth=0, limit=LIMIT)),
    )


def _path(space: FilledSpace) -> str:
    return f"spaces/{space.name}/recall/"


def _ids(answer: bytes) -> list[UUID]:
    return [UUID(hit["memory"]["id"]) for hit in json.loads(answer)["results"]]


def _latencies(asked: Mapping[int, Sequence[Asked]]) -> Table:
    rows: list[list[Cell]] = []
    for size, answers in asked.items():
        for way in (TEXT, TEXT_SQL, EMBEDDING, VECTOR, VECTOR_SQL):
            latency = Latency.of([milliseconds for asked in answers for milliseconds in asked.taken[way]])
            rows.append([size, way, latency.p50, latency.p95, latency.p99])
    return Table("Recall by one client, ms", ["memories", "cue", "p50", "p95", "p99"], rows)


def _answers(asked: Mapping[int, Sequence[Asked]]) -> Table:
    columns = ["memories", "spaces", "cues", "rows, least", "recall@10, mean", "recall@10, worst space"]
    rows: list[list[Cell]] = []
    for size, answers in asked.items():
        recalls = [asked.recall for asked in answers]
        cues = sum(len(asked.taken[VECTOR]) for asked in answers)
        rows.append([size, len(answers), cues, min(asked.rows for asked in answers), mean(recalls), min(recalls)])
    return Table("Answers against the exact order", columns, rows)


def _crowds(rows: Sequence[list[Cell]]) -> Table:
    return Table(
        f"Recall by {CLIENTS} clients at once, ms", ["memories", "cue", "recalls/s", "p50", "p95", "p99"], rows
    )


def _wanted(asked: Mapping[int, Sequence[Asked]]) -> list[Wanted]:
    everywhere = [asked for answers in asked.values() for asked in answers]
    middle = asked[MIDDLE][0].taken
    parts = median(middle[EMBEDDING]) + median(middle[TEXT_SQL])
    return [
        Wanted.at_least("rows where 10 exist, in the worst space", LIMIT, min(asked.rows for asked in everywhere)),
        Wanted.at_least("recall@10 in the worst space", 0.99, min(asked.recall for asked in everywhere)),
        Wanted.at_most(
            f"recall by text over HTTP in {MIDDLE:,} memories, times its embedding and SQL",
            3,
            median(middle[TEXT]) / parts,
        ),
    ]
