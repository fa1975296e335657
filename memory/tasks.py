"""What workers do to spaces. A task takes a space's id, enters its scope and calls one service."""

from uuid import UUID

from celery import shared_task

from memory.services import lexicon
from memory.services.erase import erase
from tenants.scope import SpaceScope
from tenants.services.erasures import erasing_space_ids
from tenants.services.upkeep import active_space_ids


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
def erase_spaces() -> int:
    """Plan: one task for each space that is to be erased. Returns how many."""
    ids = erasing_space_ids()
    for space_id in ids:
        erase_space.apply_async((str(space_id),), expires=60)
    return len(ids)


@shared_task
def erase_space(space_id: str) -> bool:
    return erase(SpaceScope.for_erasure(UUID(space_id)))
