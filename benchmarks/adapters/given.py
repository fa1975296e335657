"""Texts and their vectors, computed once and handed to every arm as its embedder."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

TEXTS, VECTORS = "texts.json", "vectors.npy"


class Given:
    """The vectors of texts: unit length, shape (len(texts), dimension)."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self._texts = texts
        self._vectors = vectors
        self._rows = {text: row for row, text in enumerate(texts)}

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(json.loads((folder / TEXTS).read_text()), np.load(folder / VECTORS, mmap_mode="r"))

    def save(self, folder: Path) -> None:
        (folder / TEXTS).write_text(json.dumps(self._texts))
        np.save(folder / VECTORS, self._vectors)

    @property
    def dimension(self) -> int:
        return int(self._vectors.shape[1])

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of some of the texts: shape (len(texts), dimension)."""
        return np.asarray(self._vectors[[self._rows[text] for text in texts]])

    def lists(self, texts: Sequence[str]) -> list[list[float]]:
        """The same as lists of numbers, as most embedders give them."""
        vectors: list[list[float]] = self.of(texts).tolist()
        return vectors
