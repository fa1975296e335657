"""Memories that look like a service's: English sentences, each about a topic and somebody by name, and vectors to match.

Words follow Zipf's law (the r-th of a list has the weight 1 / r), with tens of thousands of names behind the few that
everybody uses, so that a cue has rare and common words as a real one does. The same seed gives the same memories.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.vocabulary import ADJECTIVES, OPINIONS, PLACES, SYLLABLES, TOPICS, WHEN
from memory.records import Vector

T = TypeVar("T")

DIMENSION = 384
NAMES = 20_000
# How far vectors lie from their cluster's centre: the cosine of two of one cluster is about 1 / (1 + SPREAD ** 2).
SPREAD = 0.9

SENTENCES = (
    "{name} {verb} the {adjective} {noun} {when}.",
    "The {noun} that {name} {verb} {when} is in {place} now.",
    "{name} from {place} {verb} a {noun} and the {adjective} {other}.",
    "Nobody {verb} the {noun} of {name}, who {opinion}.",
    "After {name} {verb} the {other}, the {noun} in {place} had to wait.",
    "There is a {adjective} {noun} in {place}, and {name} {opinion}.",
)
QUESTIONS = (
    "What happened to the {noun} of {name}?",
    "Who {verb} the {adjective} {noun} with {name}?",
    "Where is the {noun} that {name} {verb}?",
    "What does {name} think of the {noun} and the {other}?",
)


@dataclass(frozen=True, slots=True)
class Text:
    """A memory's content, a question that it answers, and its cluster: a topic's number and a noun's in that topic."""

    content: str
    question: str
    cluster: tuple[int, int]


class Corpus:
    """An endless supply of distinct texts and of vectors for them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._normals = np.random.default_rng(seed)
        self._topics = [(nouns.split(), verbs.split()) for nouns, verbs in TOPICS.values()]
        self._name = _zipf(self._random, _names())
        self._shared = {
            "adjective": _zipf(self._random, ADJECTIVES.split()),
            "when": _zipf(self._random, WHEN.split("|")),
            "place": _zipf(self._random, PLACES.split("|")),
            "opinion": _zipf(self._random, OPINIONS.split("|")),
        }
        self._noun = _zipf(self._random, range(12))
        self._seen: set[str] = set()
        self._centres = _centres(self._topics)

    def texts(self, count: int) -> list[Text]:
        return list(islice(self._distinct(), count))

    def vectors(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """Random unit vectors around the centres of the texts' clusters: shape (len(texts), 384)."""
        centres = np.array([self._centres[text.cluster] for text in texts])
        noise = self._normals.standard_normal(centres.shape, np.float32) / np.sqrt(DIMENSION, dtype=np.float32)
        return unit(centres + SPREAD * noise)

    def near(self, vector: Vector) -> Vector:
        """A cue for a vector: of its cluster, and nearer to it than most."""
        noise = self._normals.standard_normal(DIMENSION, np.float32) / np.sqrt(DIMENSION, dtype=np.float32)
        return np.asarray(unit((vector + SPREAD * noise)[np.newaxis])[0])

    def _distinct(self) -> Iterator[Text]:
        while True:
            text = self._text()
            if text.content not in self._seen:
                self._seen.add(text.content)
                yield text

    def _text(self) -> Text:
        topic = self._random.randrange(len(self._topics))
        nouns, verbs = self._topics[topic]
        noun = self._noun()
        words = {
            "name": self._name(),
            "noun": nouns[noun],
            "other": nouns[self._noun()],
            "verb": self._random.choice(verbs),
        }
        sentences = self._random.sample(SENTENCES, self._random.choice((1, 2, 2, 3)))
        content = " ".join(sentence.format(**words, **self._drawn()) for sentence in sentences)
        question = self._random.choice(QUESTIONS).format(**words, **self._drawn())
        return Text(content, question, (topic, noun))

    def _drawn(self) -> dict[str, str]:
        return {name: draw() for name, draw in self._shared.items()}


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _centres(topics: Sequence[tuple[list[str], list[str]]]) -> dict[tuple[int, int], Vector]:
    """A cluster for every noun of a topic; those of one topic lie together."""
    normals = np.random.default_rng(0)
    centres: dict[tuple[int, int], Vector] = {}
    for topic, (nouns, _) in enumerate(topics):
        middle = normals.standard_normal(DIMENSION, np.float32)
        around = middle + SPREAD * normals.standard_normal((len(nouns), DIMENSION), np.float32)
        centres |= {(topic, noun): centre for noun, centre in enumerate(unit(around))}
    return centres


def _names() -> list[str]:
    """Family names of two to four syllables, no two the same."""
    syllables = SYLLABLES.split()
    draw = random.Random(0)
    names: dict[str, None] = {}
    while len(names) < NAMES:
        names["".join(draw.choices(syllables, k=draw.choice((2, 3, 3, 4)))).capitalize()] = None
    return list(names)


def _zipf(source: random.Random, choices: Sequence[T]) -> Callable[[], T]:
    weights = list(accumulate(1 / rank for rank in range(1, len(choices) + 1)))
    return lambda: source.choices(choices, cum_weights=weights)[0]
