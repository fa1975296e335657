"""What all arms of a comparison are given: tenants, their texts, cues, a vector for each, and the right answers."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from tqdm import tqdm

from benchmarks.adapters.arms import Asked
from benchmarks.adapters.given import Given
from benchmarks.corpus import Corpus
from memory.embedders import get_embedder

EMBEDDED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Size:
    """``singly`` of a tenant's ``memories`` are stored by a call each, the others in batches. Each tenant asks ``cues``."""

    tenants: int
    memories: int
    singly: int
    cues: int

    def __str__(self) -> str:
        return f"{self.tenants}x{self.memories}"


QUICK = Size(tenants=20, memories=50, singly=5, cues=6)
FULL = (Size(tenants=100, memories=100, singly=5, cues=6), Size(tenants=200, memories=500, singly=5, cues=4))
SIZES = {str(size): size for size in (QUICK, *FULL)}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """``memories`` by tenant, no two the same; ``cues`` in the order in which they are asked."""

    given: Given
    memories: Mapping[str, Sequence[str]]
    cues: Sequence[Asked]

    @classmethod
    def draw(cls, size: Size, seed: int) -> Self:
        """Tenants whose names are each other's beginnings. Half of what one asks is about memories of another."""
        corpus, choose = Corpus(seed), random.Random(seed)
        held = {f"tenant-{number}": corpus.texts(size.memories) for number in range(1, size.tenants + 1)}
        tenants = list(held)
        cues = []
        for turn in range(size.cues):
            for tenant in tenants:
                about = choose.choice(tenants) if turn % 2 else tenant
                cues.append((tenant, choose.choice(held[about]).question))
        memories = {tenant: [text.content for text in texts] for tenant, texts in held.items()}
        contents = [content for texts in memories.values() for content in texts]
        return cls(_embedded(list(dict.fromkeys([*contents, *(text for _, text in cues)]))), memories, cues)

    def nearest(self, tenant: str, cue: str, count: int) -> set[str]:
        """The tenant's ``count`` texts with the largest cosine, every one of them compared."""
        texts = self.memories[tenant]
        cosines = self.given.of(texts) @ self.given.of([cue])[0]
        return {texts[index] for index in np.argsort(-cosines)[:count]}


def _embedded(texts: Sequence[str]) -> Given:
    vectors = []
    with tqdm(total=len(texts), desc="Embedding for all", unit="text", leave=False) as bar:
        for start in range(0, len(texts), EMBEDDED_AT_ONCE):
            vectors.append(get_embedder().embed(texts[start : start + EMBEDDED_AT_ONCE]))
            bar.update(len(vectors[-1]))
    return Given(texts, np.concatenate(vectors))
