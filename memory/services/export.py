"""Export: a whole space as lines of text, a page of memories at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from memory import queries as space_queries
from memory import transfer
from memory import transfer_queries as queries
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

PAGE = 500
# What a line takes besides its text, and a number of a vector in it. Memories of one conversation have two associations each.
MEMORY_BYTES, ASSOCIATION_BYTES, NUMBER_BYTES = 420, 232, 12
ASSOCIATIONS = 2


@dataclass(frozen=True, slots=True)
class Size:
    """About how many bytes an export would have; the more is associated, the more it is."""

    memories: int
    text_bytes: int
    numbers: int

    @property
    def without_vectors(self) -> int:
        return self.text_bytes + self.memories * (MEMORY_BYTES + ASSOCIATIONS * ASSOCIATION_BYTES)

    @property
    def with_vectors(self) -> int:
        return self.without_vectors + self.memories * self.numbers * NUMBER_BYTES


@dataclass(frozen=True, slots=True)
class _Page:
    lines: list[str]
    last: UUID | None


def expected_size(scope: SpaceScope) -> Size:
    """What an export would come to now, from the space's tallies."""
    scope.require("read")
    with space_tx(scope, durable=False):
        counts = space_queries.space_counts(scope)
    text_bytes = sum(tier.text_bytes for tier in (counts.hot, counts.warm, counts.cold))
    return Size(counts.total, text_bytes, scope.embedding_dimension)


def export(scope: SpaceScope, *, vectors: bool = True, after: UUID | None = None) -> Iterator[str]:
    """The space's memories by id, each followed at the end of its page by its associations with earlier ones.

    ``after`` goes on from the memory that an export's last mark names. Each page is a transaction of its own, so that a slow
    reader holds none open; what is remembered meanwhile is in it, what is forgotten meanwhile may be.
    """
    scope.require("read")
    # What is asked for is recorded before the first line goes out: nobody can say later how far the reader read.
    with space_tx(scope, durable=False):
        record(scope, Action.EXPORT, target="" if after is None else f"from {after}")
    return _text(scope, vectors=vectors, after=after)


def _text(scope: SpaceScope, *, vectors: bool, after: UUID | None) -> Iterator[str]:
    if after is None:
        yield _head(scope, vectors=vectors) + "\n"
    page = _read_page(scope, vectors=vectors, after=after)
    while page.last is not None:
        yield "\n".join([*page.lines, transfer.write_line("mark", after=page.last), ""])
        page = _read_page(scope, vectors=vectors, after=page.last)
    yield transfer.write_line("end") + "\n"


def _head(scope: SpaceScope, *, vectors: bool) -> str:
    return transfer.write_line(
        "space",
        version=transfer.VERSION,
        space=scope.space,
        embedding_model=scope.embedding_model,
        embedding_dimension=scope.embedding_dimension,
        vectors=vectors,
        exported_at=timezone.now().isoformat(),
    )


def _read_page(scope: SpaceScope, *, vectors: bool, after: UUID | None) -> _Page:
    with space_tx(scope, durable=False):
        memories = queries.export_memories(scope, vectors=vectors, after=after, limit=PAGE)
        ids = [memory_id for memory_id, _ in memories]
        associations = queries.export_associations(scope, ids) if ids else []
    return _Page([line for _, line in memories] + associations, ids[-1] if ids else None)
