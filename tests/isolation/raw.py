"""Raw SQL under the settings that row-level security reads, and two tenants' spaces to try it on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from tenants.models import Space
from tests.world import build_world, remember_in


@dataclass(frozen=True, slots=True)
class Side:
    """A space with a row in every table of the data plane, and two of its memories."""

    space: UUID
    tenant: UUID
    memory: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Rivals:
    mine: Side
    theirs: Side


@contextmanager
def inside(connection: psycopg.Connection, side: Side) -> Iterator[None]:
    """A transaction that names the side's space and tenant, as ``space_tx`` does, and is rolled back in the end."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "select set_config('engram.space_id', %s, true), set_config('engram.tenant_id', %s, true)",
            [str(side.space), str(side.tenant)],
        )
        yield


def rows(connection: psycopg.Connection, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return connection.execute(statement, parameters).fetchall()


def build_rivals(admin: psycopg.Connection) -> Rivals:
    """acme's first space against globex's, each with a dozen memories more."""
    build_world()
    return Rivals(_side(admin, "acme_s1"), _side(admin, "globex_s1"))


def _side(admin: psycopg.Connection, name: str) -> Side:
    space = Space.objects.get(name=name)
    vector = [1.0] * space.embedding_dimension
    memory, other, *_ = [
        remember_in(name, f"Secret {number} of {name}.", session="two", embedding=vector) for number in range(12)
    ]
    admin.execute("insert into memory_lexeme (space_id, lexeme, memories) values (%s, 'secret', 2)", [space.id])
    admin.execute(
        "insert into memory_idempotencykey (space_id, actor_id, key, request_hash) values (%s, '', 'key', '')",
        [space.id],
    )
    return Side(space.id, space.tenant_id, memory, other)
