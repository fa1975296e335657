"""Looking around in what is remembered: recall for somebody who wants to see why."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from memory.records import Hit, MemoryRecord
from memory.services.memories import read_memory
from memory.services.recall import Cue, recall
from memory.services.recall_across import Asked, recall_across
from tenants.callers import Caller
from tenants.models import Permission
from tenants.queries import LiveSpace
from tenants.services.access import entered, is_open, live_spaces


@dataclass(frozen=True, slots=True)
class Found:
    """``hits`` are best first; ``troubled`` are the spaces that could not answer; ``start`` is the memory that was the cue."""

    hits: Sequence[Hit]
    troubled: Sequence[Asked]
    took_ms: float
    start: MemoryRecord | None = None

    def sources(self, space: str) -> list[UUID]:
        """Where in a space the activation of its hits came from."""
        return list(dict.fromkeys(hit.path[0] for hit in self.hits if hit.memory.space == space))

    @property
    def spaces(self) -> list[str]:
        return list(dict.fromkeys(hit.memory.space for hit in self.hits))


def open_spaces(caller: Caller, permission: str = Permission.READ) -> list[LiveSpace]:
    """The spaces that a caller can look into now, its own first. Raises ``TenantSuspended`` or ``AccessWithdrawn``."""
    found = [space for space in live_spaces(caller) if is_open(caller, space, permission)]
    return sorted(found, key=lambda space: (space.owner_id != caller.tenant_id, space.name))


def explore(caller: Caller, names: Sequence[str], cue: Cue) -> Found:
    """What a cue brings to mind in some spaces; a cue that is a memory, in its own space.

    Raises what ``recall`` and ``recall_across`` do.
    """
    if cue.memory is None:
        across = recall_across(caller, names, cue)
        return Found(across.hits, [asked for asked in across.spaces if asked.problem], across.took_ms)
    with entered(caller, names[0], Permission.READ) as scope:
        start = read_memory(scope, cue.memory)
        recalled = recall(scope, cue)
    return Found(recalled.hits, [], recalled.took_ms, start)
