"""What workers do to spaces. A task takes a space's id, enters its scope and calls one service."""

from uuid import UUID

from celery import shared_task

from memory.services import lexicon
from tenants.scope import SpaceScope
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
