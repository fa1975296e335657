"""Sealing the trail: each tenant's events, in order, made fast by a chain of SHA-256 digests.

A seal's manifest names every event by its id and digest, so that a check can say which event was tampered with; the seal's own
digest covers the manifest and the seal before, so that no seal can be made anew without all that follow.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit import queries
from audit.models import AuditEvent, AuditSeal, ExpiredSeal
from tenants.callers import INSTALLATION
from tenants.models import Tenant
from tenants.scope import tenant_tx

MOST_EVENTS = 10_000
ENTRY_BYTES = 48
BEGINNING = bytes(32)

# What a digest covers, in this order. A column that is added later is not covered before its own kind of seal is.
COVERED = (
    "at", "id", "tenant_id", "space_id", "space", "actor_kind", "actor_id", "actor_name", "action", "outcome", "target", "reason",
    "request_id", "address", "duration_ms", "times",
)  # fmt: skip

logger = logging.getLogger(__name__)


def seal_all_events() -> int:
    """Seal every tenant's events, and those of no tenant; returns how many were sealed."""
    tenants = [INSTALLATION, *Tenant.objects.order_by("id").values_list("id", flat=True)]
    return sum(seal_events(tenant_id) for tenant_id in tenants)


def seal_events(tenant_id: UUID) -> int:
    """Seal a tenant's events up to now, several seals if there are many; returns how many events."""
    sealed = 0
    while events := _seal_next(tenant_id):
        sealed += events
    return sealed


def _seal_next(tenant_id: UUID) -> int:
    """One seal, of ``MOST_EVENTS`` at most and of one month alone, so that both expire together."""
    with tenant_tx(tenant_id):
        if not queries.lock_seals(tenant_id):
            return 0
        before = queries.settled_before()
        last = AuditSeal.objects.filter(tenant_id=tenant_id).order_by("-number").first() or expired_seal(tenant_id)
        settled = events_after(tenant_id, last).filter(at__lt=before)
        rows = _of_one_month(settled.values_list(*COVERED)[:MOST_EVENTS])
        if not rows:
            return 0
        number, previous = (last.number + 1, bytes(last.digest)) if last else (1, BEGINNING)
        manifest = b"".join(entry(row) for row in rows)
        through_at, through_id = rows[-1][0], rows[-1][1]
        seal = AuditSeal.objects.create(
            tenant_id=tenant_id,
            number=number,
            first_at=rows[0][0],
            through_at=through_at,
            through_id=through_id,
            events=len(rows),
            previous=previous,
            manifest=manifest,
            digest=digest(tenant_id, number, previous, manifest),
        )
    # Logs are kept elsewhere than the database: whoever made the whole chain anew would have to find them, too.
    head = bytes(seal.digest).hex()
    logger.info("Sealed %s events of tenant %s: seal %s is %s", len(rows), tenant_id, number, head)
    return len(rows)


def expired_seal(tenant_id: UUID) -> ExpiredSeal | None:
    """What the oldest seal that is kept continues from; ``None`` if that is the first. Call it inside ``tenant_tx``."""
    return ExpiredSeal.objects.filter(tenant_id=tenant_id).first()


def events_after(tenant_id: UUID, seal: AuditSeal | ExpiredSeal | None) -> "QuerySet[AuditEvent]":
    """The tenant's events that follow a seal, in the order that seals are in. Evaluate it inside ``tenant_tx``."""
    events = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("at", "id")
    if seal is None:
        return events
    later = Q(at__gt=seal.through_at) | Q(at=seal.through_at, id__gt=seal.through_id)
    # The second bound is redundant, but it is what the planner can seek to.
    return events.filter(later, at__gte=seal.through_at)


def entry(row: Sequence[Any]) -> bytes:
    """An event in a manifest: its id, and the SHA-256 of what is covered, as a JSON array."""
    event_id: UUID = row[1]
    return event_id.bytes + hashlib.sha256(json.dumps([_text(value) for value in row]).encode()).digest()


def digest(tenant_id: UUID, number: int, previous: bytes, manifest: bytes) -> bytes:
    """SHA-256 over the seal before (32 bytes), the tenant's id (16), the number (8, big-endian) and the manifest."""
    return hashlib.sha256(previous + tenant_id.bytes + number.to_bytes(8, "big") + manifest).digest()


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def _of_one_month(rows: Any) -> list[Any]:
    found = list(rows)
    return [row for row in found if (row[0].year, row[0].month) == (found[0][0].year, found[0][0].month)]
