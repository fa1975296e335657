"""The only Python that runs the hand-written SQL with which an installation checks its own isolation."""

from uuid import UUID

from django.db import connection

from tenants import statements

_SQL = statements.load(__file__)


def isolation_faults() -> list[tuple[str, str]]:
    """Each fault in the database's locks: the check, and what it found."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["isolation_faults"])
        return [(check, fault) for check, fault in cursor.fetchall()]


def space_rows(space_id: UUID) -> int:
    """How many of the space's memories are visible here and now, in whatever scope."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["space_rows"], {"space_id": space_id})
        (count,) = cursor.fetchone()
        return int(count)
