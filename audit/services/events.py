"""Writing events down, and reading a tenant's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import queries
from audit.models import AuditEvent
from tenants.operations import Operation
from tenants.scope import tenant_tx


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    actor_kind: str
    actor_name: str
    action: str
    outcome: str
    space: str
    target: str
    reason: str
    duration_ms: float


def write_event(operation: Operation, **_: Any) -> None:
    """Store an operation in the transaction that it is announced in."""
    queries.write_event(operation)


def recent_events(tenant_id: UUID, limit: int) -> list[Event]:
    """The tenant's newest events, newest first."""
    with tenant_tx(tenant_id, durable=False):
        rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-at", "-id")[:limit]
        return [
            Event(
                at=row.at,
                actor_kind=row.actor_kind,
                actor_name=row.actor_name,
                action=row.action,
                outcome=row.outcome,
                space=row.space,
                target=row.target,
                reason=row.reason,
                duration_ms=row.duration_ms,
            )
            for row in rows
        ]
