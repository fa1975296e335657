"""Recall by text and by vector: over HTTP and by its parts, one client and eight, and whether the answers are right."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any
from uuid import UUID

from tqdm import tqdm

from benchmarks.clients import keep_asking
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import FilledSpace
from benchmarks.timing import Latency, in_turns
from benchmarks.truth import StoredVectors
from memory import queries
from memory.embedders import get_embedder
from memory.queries import RecallCall
from memory.records import Vector
from memory.services.recall import Cue, prepare
from tenants.scope import SpaceScope, space_tx

CLIENTS = 8
TEXT_HTTP, TEXT_SQL, EMBEDDING = "text over HTTP", "text, SQL alone", "embedding the text alone"
VECTOR_HTTP, VECTOR_SQL = "vector over HTTP", "vector, SQL alone"


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a vector to ask a space for. By the vector alone, nearest first, there is one right answer."""

    question: str
    vector: Vector

    @property
    def text_body(self) -> bytes:
        return json.dumps({"query": self.question}).encode()

    @property
    def vector_body(self) -> bytes:
        return json.dumps({"embedding": self.vector.tolist(), "seeds": ["semantic"], "depth": 0}).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one space: milliseconds by way, rows of the shortest answer, mean recall@10."""

    taken: dict[str, list[float]]
    rows: int
    recall: float


def make_pairs(space: FilledSpace, truth: StoredVectors, corpus: Corpus, count: int) -> list[Pair]:
    """Questions and cue vectors, the vectors evenly from everywhere in the space."""
    step = max(1, len(truth.ids) // count)
    vectors = [corpus.near(truth.vectors[index * step % len(truth.ids)]) for index in range(count)]
    return [Pair(space.questions[index % len(space.questions)], vector) for index, vector in enumerate(vectors)]


def ask(installation: Installation, space: FilledSpace, truth: StoredVectors, pairs: Sequence[Pair], bar: tqdm) -> Asked:
    """Ask for every pair by every way, in turns."""
    client = space.tenant.client(installation)
    path = f"spaces/{space.name}/recall/"
    scope = space.scope
    prepared = {pair.question: prepare(scope, Cue(query=pair.question)) for pair in pairs}
    by_vector = {
        id(pair): prepare(scope, Cue(embedding=pair.vector.tolist(), seeds=frozenset({"semantic"}), depth=0))
        for pair in pairs
    }
    texts: list[bytes] = []
    vectors: list[bytes] = []
    arms = {
        TEXT_HTTP: lambda pair: texts.append(client.post_raw(path, pair.text_body)),
        TEXT_SQL: lambda pair: recall_alone(scope, prepared[pair.question]),
        EMBEDDING: lambda pair: get_embedder().embed([pair.question]),
        VECTOR_HTTP: lambda pair: vectors.append(client.post_raw(path, pair.vector_body)),
        VECTOR_SQL: lambda pair: recall_alone(scope, by_vector[id(pair)]),
    }
    warm_up(installation, space, pairs[0])
    taken = in_turns(arms, _counted(pairs, bar))
    client.close()
    right = [truth.recall(pair.vector, _ids(answer)) for pair, answer in zip(pairs, vectors, strict=True)]
    return Asked(taken, min(len(_ids(answer)) for answer in texts + vectors), mean(right))
