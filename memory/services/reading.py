"""One memory for a reader: with what it is associated with, and what was done to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.services.events import Event, events_about
from memory.models import Association, Memory
from memory.records import MemoryRecord
from memory.services.associations import associations_of
from memory.services.memories import find
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

MOST_LINKS = 50
MOST_EVENTS = 30


@dataclass(frozen=True, slots=True)
class LinkedMemory:
    """The other end of an association, which leads there, comes from there or both; ``weight`` is the heavier way's."""

    id: UUID
    content: str
    kind: str
    weight: float
    leads_there: bool
    comes_from_there: bool

    @property
    def arrow(self) -> str:
        return "↔" if self.leads_there and self.comes_from_there else "→" if self.leads_there else "←"

    @property
    def words(self) -> str:
        return {"↔": "with", "→": "leads to", "←": "comes from"}[self.arrow]

    @property
    def is_explicit(self) -> bool:
        return self.kind == Association.Kind.EXPLICIT


@dataclass(frozen=True, slots=True)
class MemoryInFull:
    """``links`` are heaviest first, ``is_cut`` if there are more. ``history`` is newest first: what is in the trail of the
    reader's tenant, or nothing where it was not asked for."""

    memory: MemoryRecord
    links: Sequence[LinkedMemory]
    is_cut: bool
    history: Sequence[Event]


def read_in_full(scope: SpaceScope, memory_id: UUID, *, with_history: bool) -> MemoryInFull:
    """A memory, its heaviest associations either way and, for those who may see the trail, its history.

    Raises ``NotFound``.
    """
    scope.require("read")
    with space_tx(scope, durable=False):
        memory = find(scope, memory_id)
        rows = list(associations_of(scope, memory_id)[:MOST_LINKS])
        ends = {end for row in rows for end in (row.source_id, row.target_id)}
        contents = dict(Memory.objects.filter(space_id=scope.space_id, id__in=ends).values_list("id", "content"))
        history = events_about(scope, memory_id, MOST_EVENTS) if with_history else []
        record(scope, Action.READ_MEMORY, target=memory_id)
    return MemoryInFull(memory, _links(memory_id, rows, contents), len(rows) == MOST_LINKS, history)


def _links(memory_id: UUID, rows: Sequence[Association], contents: Mapping[UUID, str]) -> list[LinkedMemory]:
    ways: dict[tuple[UUID, str], list[Association]] = defaultdict(list)
    for row in rows:
        ways[row.target_id if row.source_id == memory_id else row.source_id, row.kind].append(row)
    return [
        LinkedMemory(
            id=other,
            content=contents[other],
            kind=kind,
            weight=max(row.weight for row in both),
            leads_there=any(row.source_id == memory_id for row in both),
            comes_from_there=any(row.target_id == memory_id for row in both),
        )
        for (other, kind), both in ways.items()
    ]
