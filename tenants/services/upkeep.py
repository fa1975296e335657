"""What planners of workers' tasks ask of the control plane."""

from uuid import UUID

from django.utils import timezone

from tenants.models import RefreshToken, Space, Tenant


def active_space_ids() -> list[UUID]:
    """Spaces that workers look after, interleaved by tenant, so that a tenant of many spaces does not go first with all."""
    rows = Space.objects.filter(status=Space.Status.ACTIVE, tenant__status=Tenant.Status.ACTIVE).values_list(
        "tenant_id", "id"
    )
    turns: dict[UUID, int] = {}
    queue: list[tuple[int, UUID]] = []
    for tenant_id, space_id in rows.order_by("id"):
        turns[tenant_id] = turns.get(tenant_id, -1) + 1
        queue.append((turns[tenant_id], space_id))
    return [space_id for _, space_id in sorted(queue)]


def drop_expired_refresh_tokens() -> int:
    deleted, _ = RefreshToken.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
