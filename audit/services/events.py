"""Writing events down, and reading a tenant's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils import timezone

from audit import queries
from audit.models import AuditEvent
from tenants.operations import Action, Operation
from tenants.scope import SpaceScope, tenant_tx

MOST_COUNTED = 10_000
# What names one memory as its target, as the index over targets has it too.
ABOUT_A_MEMORY = (Action.REMEMBER, Action.READ_MEMORY, Action.UPDATE_MEMORY, Action.FORGET, Action.LIST_ASSOCIATIONS)


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


@dataclass(frozen=True, slots=True)
class Activity:
    """The operations of a tenant's last hour, and how many of them did not succeed; ``is_cut`` to those of its newest
    ``MOST_COUNTED`` events, some of which stand for many refusals."""

    operations: int
    refused: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Operations that were refused for the same reason, and when the last of them was."""

    outcome: str
    reason: str
    action: str
    space: str
    times: int
    last_at: datetime


def write_event(operation: Operation, **_: Any) -> None:
    """Store an operation in the transaction that it is announced in."""
    queries.write_event(operation)


def recent_events(tenant_id: UUID, limit: int) -> list[Event]:
    """The tenant's newest events, newest first."""
    with tenant_tx(tenant_id, durable=False):
        rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-at", "-id")[:limit]
        return [_event(row) for row in rows]


def events_about(scope: SpaceScope, memory_id: UUID, limit: int) -> list[Event]:
    """Inside ``space_tx``: what the caller's tenant did to a memory, newest first."""
    about = AuditEvent.objects.filter(
        tenant_id=scope.tenant_id, space_id=scope.space_id, target=str(memory_id), action__in=ABOUT_A_MEMORY
    )
    return [_event(row) for row in about.order_by("-at", "-id")[:limit]]


def recent_refusals(tenant_id: UUID, limit: int) -> list[Refusal]:
    """What was refused among the tenant's newest ``MOST_COUNTED`` operations of the last day, the commonest first."""
    with tenant_tx(tenant_id, durable=False):
        day_ago = timezone.now() - timedelta(days=1)
        return [Refusal(*row) for row in queries.refusals(tenant_id, day_ago, newest=MOST_COUNTED, limit=limit)]


def last_hour(tenant_id: UUID) -> Activity:
    """How busy the tenant is."""
    with tenant_tx(tenant_id, durable=False):
        newest = AuditEvent.objects.filter(tenant_id=tenant_id, at__gt=timezone.now() - timedelta(hours=1))
        counted = newest.order_by("-at", "-id")[:MOST_COUNTED].aggregate(
            events=Count("id"),
            operations=Sum("times", default=0),
            refused=Sum("times", filter=~Q(outcome="allowed"), default=0),
        )
    return Activity(counted["operations"], counted["refused"], is_cut=counted["events"] == MOST_COUNTED)


def _event(row: AuditEvent) -> Event:
    return Event(
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
