"""The only Python that builds and drops indexes. It does so as the schema's owner, over a connection of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from memory.records import HeldIndex, WantedIndex
from tenants import statements
from tenants.errors import Unavailable

_SQL = statements.load(__file__)


@contextmanager
def owner() -> Iterator[psycopg.Connection[Any]]:
    """A connection as the schema's owner, without transactions, because an index is built outside of any.

    Raises ``Unavailable`` where this process was not given the owner's address.
    """
    if not settings.DATABASE_OWNER_URL:
        raise Unavailable("Building indexes takes the schema's owner: set DATABASE_OWNER_URL for this process.")
    address = conninfo_to_dict(settings.DATABASE_OWNER_URL)
    password = address.get("password") or settings.DATABASE_OWNER_PASSWORD or None
    with psycopg.connect(settings.DATABASE_OWNER_URL, password=password, autocommit=True) as opened:
        yield opened


@contextmanager
def lock_indexes(by: psycopg.Connection[Any]) -> Iterator[bool]:
    """Be the only one to build and drop; false if somebody else is. Of one that is killed the server unlocks when it notices."""
    ((held,),) = by.execute(_SQL["lock_indexes"]).fetchall()
    yield bool(held)
    by.execute(_SQL["unlock_indexes"])


def wanted_indexes(by: psycopg.Connection[Any], *, min_memories: int, max_indexes: int) -> list[WantedIndex]:
    """The indexes that there should be, of the largest tier first."""
    rows = by.execute(_SQL["wanted_indexes"], {"min_memories": min_memories, "max_indexes": max_indexes})
    return [WantedIndex(*row) for row in rows.fetchall()]


def held_indexes(by: psycopg.Connection[Any] | None = None) -> list[HeldIndex]:
    """The indexes that there are; anybody may ask."""
    if by is not None:
        return [HeldIndex(*row) for row in by.execute(_SQL["held_indexes"]).fetchall()]
    with connection.cursor() as cursor:
        cursor.execute(_SQL["held_indexes"])
        return [HeldIndex(*row) for row in cursor.fetchall()]


def build_index(by: psycopg.Connection[Any], wanted: WantedIndex, *, kilobytes: int) -> None:
    """Build an index in so much memory, which takes minutes; a failed one stays behind and is not complete."""
    by.execute(_SQL["index_memory"], {"kilobytes": str(kilobytes)})
    statement = sql.SQL(_SQL["build_index"]).format(
        index=sql.Identifier(wanted.index),
        leaf=sql.Identifier(wanted.leaf),
        dimension=sql.Literal(wanted.dimension),
        space_id=sql.Literal(wanted.space_id),
    )
    by.execute(statement)


def drop_index(by: psycopg.Connection[Any], index: str) -> None:
    by.execute(sql.SQL(_SQL["drop_index"]).format(index=sql.Identifier(index)))
