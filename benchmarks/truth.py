"""The right answer, computed another way: every stored vector compared in NumPy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector.psycopg import register_vector

from memory.records import Vector


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """A space's vectors as they are stored, rounded to half precision: shape (len(ids), dimension)."""

    ids: Sequence[UUID]
    vectors: NDArray[np.float32]

    @classmethod
    def read(cls, owner_url: str, space_id: UUID) -> Self:
        with psycopg.connect(owner_url) as owner:
            register_vector(owner)
            rows = owner.cursor(binary=True).execute(
                "select memory_id, vector from memory_embedding where space_id = %s order by memory_id", [space_id]
            )
            ids, vectors = zip(*rows, strict=True)
        return cls(ids, np.array([vector.to_numpy() for vector in vectors], np.float32))

    def nearest(self, cue: Vector, count: int = 10) -> set[UUID]:
        """The ids of the ``count`` vectors with the largest cosine."""
        cosines = self.vectors @ cue / np.linalg.norm(self.vectors, axis=1)
        return {self.ids[index] for index in np.argpartition(-cosines, count - 1)[:count]}

    def ranking(self, cue: Vector, count: int) -> list[UUID]:
        """The ids of the ``count`` vectors with the largest cosine, largest first."""
        cosines = self.vectors @ cue / np.linalg.norm(self.vectors, axis=1)
        return [self.ids[index] for index in np.argsort(-cosines, kind="stable")[:count]]

    def recall(self, cue: Vector, answered: Iterable[UUID], count: int = 10) -> float:
        """The share of the nearest that was answered."""
        return len(self.nearest(cue, count) & set(answered)) / count
