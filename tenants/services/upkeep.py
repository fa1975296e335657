"""What planners of workers' tasks ask of the control plane."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.models import DeadLetter, RefreshToken, Space, Tenant
from tenants.scope import SpaceScope

# How long operators can see a task that failed for good, and send it again.
FAILURES_KEPT = timedelta(days=30)


def active_space_ids() -> list[UUID]:
    """Spaces that workers look after, tenant by tenant in turns, so that one of many spaces does not go first with all of them.

    A tenant's own are in a new order each time: where workers do not get through all, it is not always the same that wait.
    """
    active = Space.objects.filter(status=Space.Status.ACTIVE, tenant__status=Tenant.Status.ACTIVE)
    turns: Counter[UUID] = Counter()
    queue: list[tuple[int, UUID]] = []
    for tenant_id, space_id in active.order_by("?").values_list("tenant_id", "id"):
        queue.append((turns[tenant_id], space_id))
        turns[tenant_id] += 1
    return [space_id for _, space_id in sorted(queue)]


def rereading_space_ids() -> list[UUID]:
    """The active spaces whose words workers have to read anew."""
    active = Space.objects.filter(status=Space.Status.ACTIVE, tenant__status=Tenant.Status.ACTIVE)
    return list(active.exclude(reread_to=None).values_list("id", flat=True))


def hold_reread(scope: SpaceScope) -> UUID | None:
    """Inside ``space_tx``: up to which memory words were read anew (``None``: all), for the caller alone to move on."""
    return Space.objects.select_for_update(no_key=True).get(id=scope.space_id).reread_to


def note_reread(scope: SpaceScope, last: UUID | None) -> None:
    Space.objects.filter(id=scope.space_id).update(reread_to=last)


def drop_expired_refresh_tokens() -> int:
    deleted, _ = RefreshToken.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted


def drop_expired_sessions() -> int:
    deleted, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted


def drop_old_failures() -> int:
    deleted, _ = DeadLetter.objects.filter(failed_at__lt=timezone.now() - FAILURES_KEPT).delete()
    return deleted
