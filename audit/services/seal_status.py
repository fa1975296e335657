"""How far a tenant's trail is sealed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from audit.models import AuditSeal
from tenants.scope import tenant_tx


@dataclass(frozen=True, slots=True)
class SealStatus:
    """``events`` are those under all seals; the newest seal has ``number`` and ``digest`` (hexadecimal), reaches to
    ``through_at`` and was made at ``sealed_at``."""

    events: int
    number: int
    digest: str
    through_at: datetime
    sealed_at: datetime


def seal_status(tenant_id: UUID) -> SealStatus | None:
    """``None`` before the first seal."""
    with tenant_tx(tenant_id, durable=False):
        seals = AuditSeal.objects.filter(tenant_id=tenant_id)
        newest = seals.order_by("-number").first()
        if newest is None:
            return None
        events = seals.aggregate(events=Sum("events"))["events"]
    return SealStatus(events, newest.number, bytes(newest.digest).hex(), newest.through_at, newest.sealed_at)
