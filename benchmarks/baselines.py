"""What recall is compared with: the same texts ranked by their vectors alone, by their words alone, and by both."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import bm25s  # type: ignore[import-untyped]
import Stemmer  # type: ignore[import-not-found]

# Of the ranks that are fused, and what keeps the first of them from deciding alone (Cormack, Clarke and Büttcher, 2009).
FUSED = 100
SMOOTHING = 60


class Words:
    """BM25 (Robertson and Walker, 1994) in Lucene's form, as bm25s has it by default: English stems, no stop words."""

    def __init__(self, ids: Sequence[UUID], texts: Sequence[str]) -> None:
        self._ids = ids
        self._stem = Stemmer.Stemmer("english")
        self._index = bm25s.BM25()
        self._index.index(self._tokens(texts), show_progress=False)

    def ranking(self, cue: str, count: int) -> list[UUID]:
        """The ids of the ``count`` best texts, best first."""
        most = min(count, len(self._ids))
        indices, _ = self._index.retrieve(self._tokens([cue]), k=most, show_progress=False)
        return [self._ids[index] for index in indices[0]]

    def _tokens(self, texts: Sequence[str]) -> bm25s.tokenization.Tokenized:
        return bm25s.tokenize(list(texts), stopwords="en", stemmer=self._stem, show_progress=False)


def fused(rankings: Sequence[Sequence[UUID]]) -> list[UUID]:
    """Rankings made one by reciprocal rank: each adds 1 / (60 + rank), ranks from 1. Equals keep the order they were met in."""
    shares: defaultdict[UUID, float] = defaultdict(float)
    for ranking in rankings:
        for rank, memory_id in enumerate(ranking, start=1):
            shares[memory_id] += 1 / (SMOOTHING + rank)
    return sorted(shares, key=lambda memory_id: -shares[memory_id])
