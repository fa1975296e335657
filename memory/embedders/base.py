"""What every embedder promises, whoever computes the vectors."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class EmbeddingError(Exception):
    """The provider gave no usable vectors. Its message may go to a client: no key, no address, no text."""


class TextsRefused(EmbeddingError):
    """The provider will not have these texts, today or tomorrow: one may be longer than its model reads."""


class Embedder(Protocol):
    """Turns texts into unit vectors, so that a dot product is a cosine. Safe to share between threads."""

    @property
    def model(self) -> str:
        """The name that a space records, since vectors of two models cannot be compared."""

    @property
    def dimension(self) -> int:
        """The number of components of every vector."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed the texts, in their order.

        Returns an array of shape (len(texts), dimension) with rows of length 1.
        Raises EmbeddingError when the provider fails.
        """


def unit_rows(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Scale every row of a (count, dimension) array to length 1.

    Raises EmbeddingError for a row without a direction: all zeros, or with a component that is not finite.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise EmbeddingError("An embedding has no direction: it is all zeros or not made of finite numbers.")
    return np.asarray(vectors / lengths, np.float32)
