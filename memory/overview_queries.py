"""The hand-written SQL of the overview, which looks at many spaces in one query."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from memory.records import Glance, Pulse
from tenants import statements

_SQL = statements.load(__file__)


def glance(space_ids: Sequence[UUID], since: datetime) -> dict[UUID, Glance]:
    """Inside ``tenant_tx``, of spaces that the caller was found to hold: each space's own, in one query for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["glance"], {"space_ids": list(space_ids), "since": since})
        return {space_id: Glance(*seen) for space_id, *seen in cursor.fetchall()}


def pulse(space_ids: Sequence[UUID], since: datetime) -> dict[UUID, Pulse]:
    """How lively spaces were since then; where ``glance`` may be called."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["pulse"], {"space_ids": list(space_ids), "since": since})
        return {space_id: Pulse(*seen) for space_id, *seen in cursor.fetchall()}
