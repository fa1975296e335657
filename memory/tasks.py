"""What workers do to spaces. A task takes a space's id, enters its scope and calls one service."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from celery import Task, shared_task

from memory import queueing, transfer_queries
from memory.models import Import
from memory.services import entities, indexes, lexicon, reinforcement
from memory.services import import_memories as importing
from memory.services.erase import erase
from memory.services.expire import expire_memories
from memory.services.idempotency import forget_idempotency_keys
from memory.services.imports import send_again, send_next
from memory.services.tiers import rebalance
from memory.services.words import reread_words
from memory.services.work import Busy
from tenants.scope import SpaceGone, SpaceScope
from tenants.services.erasures import erasing_space_ids
from tenants.services.upkeep import active_space_ids, rereading_space_ids

# How long a planned task is worth doing, in seconds: as long as its planner takes to plan it again. What is planned every few
# seconds has longer, so that its turn comes although others' turns of ten seconds are before it.
EVERY_FEW_SECONDS, EVERY_MINUTE, EVERY_FIVE_MINUTES = 30, 60, 300
# An import's worker says that it lives with each batch, which takes a second or two.
SILENT_SECONDS = 120
# Then a worker turns to what else there is to do, for other tenants too.
TURN_SECONDS = 10.0
# Another worker's turn at a space is mostly shorter.
BUSY_SECONDS = 5
# What the index of a very large space may take; killed before its end, it would be begun again each time.
INDEX_SECONDS = 86_400


@shared_task
def refresh_lexicons() -> int:
    return _fan_out(refresh_lexicon, active_space_ids(), EVERY_MINUTE)


@shared_task
def refresh_lexicon(space_id: str) -> int:
    return lexicon.refresh_lexicon(SpaceScope.for_task(UUID(space_id)))


@shared_task
def link_all_entities() -> int:
    return _fan_out(link_entities, active_space_ids(), EVERY_MINUTE)


@shared_task
def link_entities(space_id: str, *, again: bool = False) -> None:
    """Work on a space for a turn; if there is more, line up again behind what else waits."""
    queueing.step_forward(link_entities.name, space_id, again=again)
    if not entities.link_entities(SpaceScope.for_task(UUID(space_id))):
        queueing.line_up_again(link_entities, space_id)


@shared_task
def reread_spaces() -> int:
    return _fan_out(reread_space, rereading_space_ids(), EVERY_FEW_SECONDS)


@shared_task
def reread_space(space_id: str) -> bool:
    """Work on a space for a turn; the planner sends it again until all is read."""
    return reread_words(SpaceScope.for_task(UUID(space_id)))


@shared_task
def apply_all_recalls() -> int:
    return _fan_out(apply_recalls, list(reinforcement.waiting(active_space_ids())), EVERY_FEW_SECONDS)


@shared_task
def apply_recalls(space_id: str) -> int:
    return reinforcement.apply_recalls(SpaceScope.for_task(UUID(space_id)))


@shared_task
def rebalance_spaces() -> int:
    return _fan_out(rebalance_space, active_space_ids(), EVERY_FIVE_MINUTES)


@shared_task
def rebalance_space(space_id: str, *, again: bool = False) -> None:
    """Work on a space for a turn; if there is more, line up again behind what else waits."""
    queueing.step_forward(rebalance_space.name, space_id, again=again)
    if not rebalance(SpaceScope.for_task(UUID(space_id))).done:
        queueing.line_up_again(rebalance_space, space_id)


@shared_task
def tidy_spaces() -> int:
    return _fan_out(tidy_space, active_space_ids(), EVERY_FIVE_MINUTES)


@shared_task
def tidy_space(space_id: str, *, again: bool = False) -> None:
    """Work on a space for a turn; if there is more, line up again behind what else waits."""
    queueing.step_forward(tidy_space.name, space_id, again=again)
    scope = SpaceScope.for_task(UUID(space_id))
    forget_idempotency_keys(scope)
    if not (expire_memories(scope) and reinforcement.fade_associations(scope)):
        queueing.line_up_again(tidy_space, space_id)


@shared_task
def erase_spaces() -> int:
    return _fan_out(erase_space, erasing_space_ids(), EVERY_FEW_SECONDS)


@shared_task
def erase_space(space_id: str) -> bool:
    """Work on a space for a turn; the planner sends it again until it is gone."""
    erased = erase(SpaceScope.for_erasure(UUID(space_id)))
    if erased:
        reconcile_indexes.delay()
    return erased


@shared_task(time_limit=INDEX_SECONDS)
def reconcile_indexes() -> int:
    """How many indexes were built or dropped. One worker at a time; whoever finds another at it leaves it to that one."""
    try:
        return sum(taken.step.act != "keep" for taken in indexes.reconcile_indexes())
    except Busy:
        return 0


def _fan_out(task: Task, space_ids: Sequence[UUID], seconds: int) -> int:
    """Plan: a task for each space, in their order. What no worker came to in that time is planned anew. Returns how many."""
    for space_id in space_ids:
        task.apply_async((str(space_id),), expires=seconds)
    return len(space_ids)


@shared_task
def resume_imports() -> int:
    """Send imports that wait and that no worker is at. Returns how many."""
    sent = 0
    for space_id, import_id in transfer_queries.stalled_imports(SILENT_SECONDS):
        # A space may be erased, or its tenant suspended, in the meantime.
        with suppress(SpaceGone):
            sent += send_again(SpaceScope.for_task(space_id), import_id)
    return sent


@shared_task
def import_memories(space_id: str, import_id: str, turn: int = 0) -> str:
    """Work on an import for a turn; if there is more, line up again behind what else waits."""
    scope = SpaceScope.for_task(UUID(space_id))
    try:
        status = importing.import_memories(scope, UUID(import_id), turn, TURN_SECONDS)
    except importing.Overtaken:
        return Import.Status.RUNNING
    except Busy:
        send_next(scope, UUID(import_id), turn, seconds=BUSY_SECONDS)
        return Import.Status.RUNNING
    if status == Import.Status.RUNNING:
        send_next(scope, UUID(import_id), turn)
    return status
