"""Vectors on their way in: checked, normalised, embedded by the server where the client sent none."""

import struct
from collections.abc import Sequence

import numpy as np

from memory.embedders import get_embedder
from memory.embedders.base import EmbeddingError, TextsRefused
from memory.records import Vector
from tenants.errors import Invalid, Unavailable
from tenants.scope import SpaceScope

# All half-precision numbers by their bits, written out: looking one up costs a tenth of writing it. Five digits tell them apart.
_HALVES = np.array([f"{number:.5g}" for number in np.arange(2**16, dtype=np.uint16).view(np.float16)], np.object_)
# A zero below zero points nowhere else, and JSON's numbers do not keep it apart.
_HALVES[2**15] = "0"


class TextRefused(Invalid):
    """The server's embedder will not have a text, however often it is sent."""


def embed(scope: SpaceScope, texts: Sequence[str]) -> list[Vector]:
    """Embed texts with the space's model, if that is the server's; a row each, of unit length.

    Raises ``Invalid`` for a space whose vectors come from its clients and for texts that the embedder will not have,
    ``Unavailable`` if it fails.
    """
    if not texts:
        return []
    embedder = get_embedder()
    if (embedder.model, embedder.dimension) != (scope.embedding_model, scope.embedding_dimension):
        raise Invalid(
            f"The space {scope.space!r} holds vectors of the model {scope.embedding_model!r} "
            f"({scope.embedding_dimension} dimensions), which this server does not run; send 'embedding'.",
            "embedding_required",
            "embedding",
        )
    try:
        return list(embedder.embed(texts))
    except TextsRefused as error:
        said = f"{error} It will not have the text, which may be too long for {scope.embedding_model!r}."
        raise TextRefused(said, "embedding_refused") from error
    except EmbeddingError as error:
        raise Unavailable(f"The embedder did not answer: {error}", "embedder_unavailable") from error


def check(scope: SpaceScope, values: Sequence[float], field: str = "embedding") -> Vector:
    """Check a client's vector against the space and bring it to unit length; raise ``Invalid`` naming ``field``."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (scope.embedding_dimension,):
        raise Invalid(
            f"'{field}' has {vector.size} numbers; the space {scope.space!r} holds vectors of "
            f"{scope.embedding_dimension} (model {scope.embedding_model!r}).",
            "dimension_mismatch",
            field,
        )
    largest = float(np.abs(vector).max())
    if not np.isfinite(largest) or largest == 0:
        raise Invalid(
            f"'{field}' has no direction: its largest number is {largest}; allowed: finite and not zero.",
            "invalid_vector",
            field,
        )
    # The squares of very large and very small numbers would be infinite or nothing.
    scaled = vector / largest
    return (scaled / np.linalg.norm(scaled)).astype(np.float32)


def as_text(vector: Vector) -> str:
    """A vector as pgvector reads it, rounded to the half precision that it is stored in."""
    return "[" + ",".join(_HALVES[vector.astype(np.float16).view(np.uint16)]) + "]"


def as_array(vectors: Sequence[Vector], halfvec: int) -> bytes:
    """Vectors as PostgreSQL's binary form of ``halfvec[]``, where ``halfvec`` is that type's number in the database.

    As array_recv and pgvector's halfvec_recv read it: a header, then each vector with its size in bytes and its dimension.
    """
    matrix = np.stack(vectors).astype(np.float16)
    count, dimension = matrix.shape
    items = np.zeros(count, [("size", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("numbers", ">f2", dimension)])
    items["size"], items["dimension"] = 4 + 2 * dimension, dimension
    # Which makes a zero below zero a plain one, as text does.
    items["numbers"] = matrix + np.float16(0)
    return struct.pack(">iiIii", 1, 0, halfvec, count, 1) + items.tobytes()
