"""What the memory services take and return: plain values, safe to carry out of a scope."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


def content_hash(content: str) -> bytes:
    """SHA-256 of the content: two memories of a space with the same content are one."""
    return hashlib.sha256(content.encode()).digest()


@dataclass(frozen=True, slots=True)
class Link:
    """An association to make: ``weight`` in (0, 1]."""

    target: UUID
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class NewMemory:
    """Something to remember. ``embedding`` is the client's own vector; without one the server embeds ``content``."""

    content: str
    kind: str = "fact"
    confidence: float = 1.0
    session: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    observed_at: datetime | None = None
    expires_at: datetime | None = None
    embedding: Sequence[float] | None = None
    associations: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A stored memory. ``confidence`` is from 0 to 1."""

    id: UUID
    space: str
    content: str
    kind: str
    confidence: float
    session: str | None
    metadata: Mapping[str, Any]
    observed_at: datetime
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    tier: str
    recall_count: int
    last_recalled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """Which memory holds a content now, and whether it is new."""

    id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A recalled memory and why: ``similarity`` is the cosine (``None`` if it was not asked for), ``lexical`` the summed IDF of
    shared words (twice for those in its heading), ``activation`` from 0 to 1, ``depth`` the hops from the nearest seed, ``path``
    the memories it came by."""

    memory: MemoryRecord
    score: float
    similarity: float | None
    lexical: float
    activation: float
    depth: int
    path: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Recalled:
    """``visited`` counts the memories that spreading reached; ``took_ms`` is the service's whole time."""

    hits: Sequence[Hit]
    depth: int
    visited: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Activated:
    id: UUID
    content: str
    kind: str
    session: str | None
    tier: str
    activation: float
    depth: int
    path: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Flow:
    source: UUID
    target: UUID
    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class SpreadResult:
    """``is_cut`` if there may be more than the most activated memories, which these are."""

    activations: Sequence[Activated]
    flows: Sequence[Flow]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class AssociationRecord:
    source: UUID
    target: UUID
    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class Associations:
    """Of a memory, heaviest first; ``is_cut`` if there are more."""

    results: Sequence[AssociationRecord]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """What a space holds, by tier, how many operations were refused for its limits lately, and how many imports failed within
    a day."""

    hot: int
    warm: int
    cold: int
    limited: int
    failed_imports: int

    @property
    def total(self) -> int:
        return self.hot + self.warm + self.cold


@dataclass(frozen=True, slots=True)
class Pulse:
    """When a space's newest memory came, and how many operations its busiest minute had lately."""

    newest_at: datetime | None
    busiest_minute: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that may move down: ``retrievability`` from 0 to 1, ``idle_days`` since it was recalled or made."""

    id: UUID
    retrievability: float
    idle_days: float


@dataclass(frozen=True, slots=True)
class TierCount:
    """``text_bytes`` is content and metadata, UTF-8; vectors and indexes come on top."""

    memories: int
    text_bytes: int


@dataclass(frozen=True, slots=True)
class SpaceSize:
    """What a space holds in a tier; ``bytes`` are text's and vectors', indexes come on top."""

    space: str
    tier: str
    memories: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SpaceCounts:
    """What a space holds, by tier, and when the newest memory came."""

    hot: TierCount
    warm: TierCount
    cold: TierCount
    newest_at: datetime | None

    @property
    def total(self) -> int:
        return self.hot.memories + self.warm.memories + self.cold.memories


@dataclass(frozen=True, slots=True)
class WantedIndex:
    """An index that a tier of a space is large enough for; ``leaf`` is the partition that holds its vectors."""

    index: str
    space_id: UUID
    space: str
    tier: str
    memories: int
    leaf: str
    dimension: int


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """An index over a space's vectors, by its name in the database; recall uses it while it is ``valid``."""

    index: str
    valid: bool
    bytes: int

    @property
    def space_id(self) -> UUID:
        return UUID(self.index.rsplit("_", 2)[2])

    @property
    def tier(self) -> str:
        return self.index.rsplit("_", 2)[1]
