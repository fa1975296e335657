"""What workers do to spaces. A task takes a space's id, enters its scope and calls one service."""

from uuid import UUID

from celery import shared_task

from memory import transfer_queries
from memory.models import Import
from memory.services import import_memories as importing
from memory.services import lexicon
from memory.services.erase import erase
from memory.services.imports import send_to_worker
from memory.services.tiers import rebalance
from memory.services.work import Busy
from tenants.scope import SpaceScope
from tenants.services.erasures import erasing_space_ids
from tenants.services.upkeep import active_space_ids

# An import's worker says that it lives with each batch, which takes a second or two.
SILENT_SECONDS = 120
# Another worker's turn at a space is mostly shorter.
BUSY_SECONDS = 5


@shared_task
def refresh_lexicons() -> int:
    """Plan: one task for each active space. Returns how many."""
    ids = active_space_ids()
    for space_id in ids:
        refresh_lexicon.delay(str(space_id))
    return len(ids)


@shared_task
def refresh_lexicon(space_id: str) -> int:
    return lexicon.refresh_lexicon(SpaceScope.for_task(UUID(space_id)))


@shared_task
def rebalance_spaces() -> int:
    """Plan: one task for each active space. Returns how many."""
    ids = active_space_ids()
    for space_id in ids:
        rebalance_space.apply_async((str(space_id),), expires=300)
    return len(ids)


@shared_task
def rebalance_space(space_id: str) -> None:
    if not rebalance(SpaceScope.for_task(UUID(space_id))).done:
        rebalance_space.delay(space_id)


@shared_task
def erase_spaces() -> int:
    """Plan: one task for each space that is to be erased. Returns how many."""
    ids = erasing_space_ids()
    for space_id in ids:
        erase_space.apply_async((str(space_id),), expires=60)
    return len(ids)


@shared_task
def erase_space(space_id: str) -> bool:
    return erase(SpaceScope.for_erasure(UUID(space_id)))


@shared_task
def resume_imports() -> int:
    """Send imports that wait and that no worker is at. Returns how many."""
    stalled = transfer_queries.stalled_imports(SILENT_SECONDS)
    for space_id, import_id in stalled:
        send_to_worker(space_id, import_id)
    return len(stalled)


@shared_task
def import_memories(space_id: str, import_id: str) -> str:
    """Work on an import for a turn; if there is more, line up again behind what else waits."""
    try:
        status = importing.import_memories(SpaceScope.for_task(UUID(space_id)), UUID(import_id))
    except Busy:
        send_to_worker(UUID(space_id), UUID(import_id), seconds=BUSY_SECONDS)
        return Import.Status.RUNNING
    if status == Import.Status.RUNNING:
        send_to_worker(UUID(space_id), UUID(import_id))
    return status
