"""What planners of workers' tasks ask of the control plane."""

from collections import Counter
from uuid import UUID

from django.utils import timezone

from tenants.models import RefreshToken, Space, Tenant


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


def drop_expired_refresh_tokens() -> int:
    deleted, _ = RefreshToken.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
