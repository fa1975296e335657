"""The only Python that runs the hand-written SQL of ``engram_site/sql``."""

from dataclasses import dataclass

from django.db import connection

from tenants import statements

_SQL = statements.load(__file__)


@dataclass(frozen=True, slots=True)
class DatabaseRole:
    name: str
    bypasses_policies: bool
    owns_tables: bool


def database_role() -> DatabaseRole:
    with connection.cursor() as cursor:
        cursor.execute(_SQL["database_role"])
        return DatabaseRole(*cursor.fetchone())
