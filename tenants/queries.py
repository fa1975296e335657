"""The only Python that runs the hand-written SQL of ``tenants/sql``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tenants import statements
from tenants.callers import Caller
from tenants.limits import Limits, installation

_SQL = statements.load(__file__)


@dataclass(frozen=True, slots=True)
class LiveSpace:
    """A space as a caller holds it now. ``permissions`` is what its tenant holds and its key or membership shares."""

    id: UUID
    name: str
    title: str
    description: str
    status: str
    created_at: datetime
    parent: str | None
    owner_id: UUID
    owner: str
    owner_status: str
    tenant_status: str
    embedding_model: str
    embedding_dimension: int
    permissions: frozenset[str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class WorkSpace:
    """A space as workers and operators' commands work on it, as its own tenant."""

    id: UUID
    name: str
    tenant_id: UUID
    embedding_model: str
    embedding_dimension: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class LiveCaller:
    slug: str
    name: str
    status: str
    is_live: bool


def bind(space_id: UUID | None, tenant_id: UUID | None, *, durable: bool = True) -> None:
    """Set the row-level security settings of the running transaction; ``None`` sees nothing."""
    _run(
        "bind",
        space_id=str(space_id or ""),
        tenant_id=str(tenant_id or ""),
        synchronous_commit="on" if durable else "off",
    )


def live_access(caller: Caller, names: Sequence[str] | None) -> list[LiveSpace]:
    rows = _run("live_access", names=None if names is None else list(names), **_actor(caller))
    return [_live_space(row) for row in rows]


def _live_space(row: tuple[Any, ...]) -> LiveSpace:
    *described, by_tenant, by_actor = row
    held = frozenset(by_tenant or ()) & frozenset(by_actor or ())
    values: list[Any] = [*described, held, installation().limits]
    return LiveSpace(*values)


def live_caller(caller: Caller) -> LiveCaller | None:
    rows = _run("live_caller", **_actor(caller))
    return LiveCaller(*rows[0]) if rows else None


def is_admin(caller: Caller) -> bool:
    actor = _actor(caller)
    ((answer,),) = _run("is_admin", user_id=actor["user_id"], tenant_id=actor["tenant_id"])
    return bool(answer)


def space_by_id(space_id: UUID) -> WorkSpace | None:
    return _work_space(space_id=space_id, name=None)


def space_by_name(name: str) -> WorkSpace | None:
    return _work_space(space_id=None, name=name)


def _work_space(**which: Any) -> WorkSpace | None:
    rows = _run("work_space", **which)
    values: list[list[Any]] = [[*row, installation().limits] for row in rows]
    return WorkSpace(*values[0]) if values else None


def _actor(caller: Caller) -> dict[str, Any]:
    return {
        "tenant_id": caller.tenant_id,
        "key_id": caller.actor.id if caller.actor.kind == "key" else None,
        "user_id": int(caller.actor.id) if caller.actor.kind == "member" else None,
    }


def _run(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
