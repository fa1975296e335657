"""A tenant's trail, for its admins: page by page, or whole as a file."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.db.models import Q

from audit.models import AuditEvent
from tenants.callers import Caller
from tenants.errors import Unavailable
from tenants.operations import Action, record
from tenants.positions import Position
from tenants.queries import limit_time, ran_out_of_time
from tenants.scope import tenant_tx
from tenants.services.access import administered

EXPORT_PAGE = 2_000
# How long a page is looked for, in ms: a filter that nothing passes has the whole trail read.
PATIENCE_MS = 5_000
# What a spreadsheet would take for a formula (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One operation, or several alike, ``times`` in all. ``reason`` says why it was refused; there is never any content."""

    at: datetime
    id: UUID
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    outcome: str
    space: str
    target: str
    reason: str
    request_id: str
    address: str
    duration_ms: float
    times: int


COLUMNS = tuple(field.name for field in fields(AuditRecord))


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """Which events to list; ``None`` means any. ``actor`` is an id or a name; times are exclusive bounds."""

    space: str | None = None
    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailPage:
    events: Sequence[AuditRecord]
    next: Position | None


def list_events(caller: Caller, filters: TrailFilters, after: Position | None, limit: int) -> TrailPage:
    """A page of the tenant's events, newest first, from just after a position.

    Raises ``Refused`` for all but admins, and ``Unavailable`` where so much has to be read for it that others would wait.
    """
    tenant = administered(caller)
    try:
        with tenant_tx(tenant.id, durable=False):
            limit_time(PATIENCE_MS)
            page = _page(tenant.id, filters, after, limit)
            record(caller, Action.LIST_EVENTS)
    except OperationalError as error:
        if ran_out_of_time(error):
            raise Unavailable(
                "The trail is too long to be searched for this; narrow it by 'after'.", "too_slow"
            ) from error
        raise
    return page


def export_events(caller: Caller, filters: TrailFilters, form: str) -> Iterator[str]:
    """The tenant's events as ``csv`` or ``ndjson``, newest first, in pieces. Raises ``Refused`` for all but admins."""
    tenant = administered(caller)
    # Recorded before the first line goes out: nobody can say later how far the reader read.
    with tenant_tx(tenant.id, durable=False):
        record(caller, Action.EXPORT_EVENTS, target=form)
    return _pieces(tenant.id, filters, _csv if form == "csv" else _ndjson, head=form == "csv")


def _pieces(tenant_id: UUID, filters: TrailFilters, written: Any, *, head: bool) -> Iterator[str]:
    if head:
        yield ",".join(COLUMNS) + "\r\n"
    position: Position | None = None
    while True:
        # Each page is a transaction of its own, so that a slow reader holds none open.
        with tenant_tx(tenant_id, durable=False):
            page = _page(tenant_id, filters, position, EXPORT_PAGE)
        yield written(page.events)
        position = page.next
        if position is None:
            return


def _page(tenant_id: UUID, filters: TrailFilters, after: Position | None, limit: int) -> TrailPage:
    given = {
        "space": filters.space,
        "action": filters.action,
        "outcome": filters.outcome,
        "at__gt": filters.after,
        "at__lt": filters.before,
    }
    rows = AuditEvent.objects.filter(
        tenant_id=tenant_id, **{lookup: value for lookup, value in given.items() if value is not None}
    )
    if filters.actor is not None:
        rows = rows.filter(Q(actor_id=filters.actor) | Q(actor_name=filters.actor))
    if after is not None:
        older = Q(at__lt=after.created_at) | Q(at=after.created_at, id__lt=after.id)
        # The second bound is redundant, but it is what the planner can seek to.
        rows = rows.filter(older, at__lte=after.created_at)
    found = [AuditRecord(*row) for row in rows.order_by("-at", "-id").values_list(*COLUMNS)[: limit + 1]]
    page = found[:limit]
    return TrailPage(page, Position(page[-1].at, page[-1].id) if len(found) > limit else None)


def _csv(events: Sequence[AuditRecord]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for event in events:
        writer.writerow([_harmless(value) for value in _plain(event).values()])
    return text.getvalue()


def _ndjson(events: Sequence[AuditRecord]) -> str:
    return "".join(json.dumps(_plain(event)) + "\n" for event in events)


def _plain(event: AuditRecord) -> dict[str, Any]:
    return {**asdict(event), "at": event.at.isoformat(), "id": str(event.id)}


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
