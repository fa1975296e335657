"""Loading whole files and streams of passages, in batches."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from memory.passages import Passage
from memory.records import NewMemory
from memory.services.remember import remember_batch
from tenants.scope import SpaceScope

# Small enough that a progress bar moves, large enough that a batch costs one transaction.
BATCH = 64


@dataclass(frozen=True, slots=True)
class Loaded:
    """``reinforced`` counts the passages that the space had already."""

    created: int
    reinforced: int


def load(
    scope: SpaceScope, passages: Iterable[Passage], progress: Callable[[int], object] = lambda done: None
) -> Loaded:
    """Remember passages in their order; ``progress`` is told how many more are done after each batch."""
    created = reinforced = 0
    for batch in _batches(passages):
        stored = remember_batch(scope.restarted(), [_memory(passage) for passage in batch])
        new = sum(item.created for item in stored)
        created, reinforced = created + new, reinforced + len(stored) - new
        progress(len(batch))
    return Loaded(created, reinforced)


def _batches(passages: Iterable[Passage]) -> Iterator[list[Passage]]:
    rest = iter(passages)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _memory(passage: Passage) -> NewMemory:
    return NewMemory(
        content=passage.content,
        kind=passage.kind,
        confidence=1.0 if passage.confidence is None else passage.confidence,
        session=passage.session,
        metadata=passage.metadata,
        observed_at=passage.observed_at,
    )
