"""The only Python that runs the hand-written SQL of ``audit/sql``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tenants import statements
from tenants.operations import Operation
from tenants.queries import limit_time

_SQL = statements.load(__file__)
# Hours of a busy trail that nobody counted take minutes; given up each time, they would never be counted.
ROLL_UP_MS = 900_000


def write_event(operation: Operation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL["write_event"],
            {
                "tenant_id": operation.tenant_id,
                "space_id": operation.space_id,
                "space": operation.space,
                "actor_kind": operation.actor.kind,
                "actor_id": operation.actor.id,
                "actor_name": operation.actor.name,
                "action": operation.action.value,
                "outcome": operation.outcome,
                "target": operation.target,
                "reason": operation.reason,
                "request_id": operation.request_id,
                "address": operation.address,
                "duration_ms": operation.duration_ms,
                "times": operation.times,
            },
        )


def refusals(tenant_id: UUID, since: datetime, *, newest: int, limit: int) -> Sequence[tuple[Any, ...]]:
    """Inside ``tenant_tx``: outcome, reason, action, space, how often, and when last."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["refusals"], {"tenant_id": tenant_id, "since": since, "newest": newest, "limit": limit})
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows


def tenant_pulse(tenant_id: UUID, step: str, after: datetime) -> Sequence[tuple[Any, ...]]:
    """Inside ``tenant_tx``, in order of time and outcome: seconds, outcome, buckets, operations in each, milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["tenant_pulse"], {"tenant_id": tenant_id, "step": step, "after": after})
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows


def asked_by_tenants(tenant_ids: Sequence[UUID], after: datetime) -> Sequence[tuple[UUID, int, int]]:
    """Tenants with the operations of each and those refused, for operators; inside ``tenant_tx``."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["asked_by_tenants"], {"tenant_ids": list(tenant_ids), "after": after})
        rows: Sequence[tuple[UUID, int, int]] = cursor.fetchall()
        return rows


def make_partitions(months: int) -> int:
    """Make the partitions of this month and the next ``months``; return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["make_partitions"], {"months": months})
        (made,) = cursor.fetchone()
        return int(made)


def expire_partitions() -> list[str]:
    """Drop the months that are older than the trail is kept, of events and seals; return the partitions' names."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["expire_partitions"])
        return [name for (name,) in cursor.fetchall()]


def kept_months() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SQL["kept_months"])
        (months,) = cursor.fetchone()
        return int(months)


def keep_months(months: int) -> None:
    """Needs the schema's owner."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["keep_months"], {"months": months})


def lock_seals(tenant_id: UUID) -> bool:
    """Whether this transaction alone now seals the tenant's events."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["lock_seals"], {"tenant_id": tenant_id})
        (held,) = cursor.fetchone()
        return bool(held)


def settled_before() -> datetime:
    """The time before which no event is still on its way: whatever is running began later."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["settled_before"])
        (before,) = cursor.fetchone()
        at: datetime = before
        return at


def roll_up_usage() -> tuple[datetime, datetime]:
    """Bring the usage series further; return the minute reached and the last whole minute there is."""
    with transaction.atomic(), connection.cursor() as cursor:
        limit_time(ROLL_UP_MS)
        cursor.execute(_SQL["roll_up_usage"])
        reached, latest = cursor.fetchone()
        return reached, latest


def forget_usage(*, minutes: int, hours: int, days: int) -> int:
    """Drop the steps that are older than so many days, by their length; return how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["forget_usage"], {"minutes": minutes, "hours": hours, "days": days})
        (dropped,) = cursor.fetchone()
        return int(dropped)
