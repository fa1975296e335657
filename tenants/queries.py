"""The only Python that runs the hand-written SQL of ``tenants/sql``."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection
from psycopg.errors import ForeignKeyViolation, QueryCanceled

from tenants import statements
from tenants.callers import Caller
from tenants.limits import Limits, installation

_SQL = statements.load(__file__)


@dataclass(frozen=True, slots=True)
class LiveSpace:
    """A space as a caller holds it now. ``permissions`` is what its tenant holds and its key or membership shares,
    ``is_reread`` whether workers still read its words anew, by another ``text_search``."""

    id: UUID
    name: str
    title: str
    description: str
    status: str
    created_at: datetime
    parent: str | None
    team: str | None
    owner_id: UUID
    owner: str
    owner_status: str
    tenant_status: str
    embedding_model: str
    embedding_dimension: int
    text_search: str
    is_reread: bool
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
    """The caller's spaces, narrowed to ``names`` unless that is ``None``; one query. Operators and the system hold none."""
    if caller.actor.kind not in {"key", "member", "subject"}:
        return []
    rows = _run(
        f"live_access_of_{caller.actor.kind}",
        tenant_id=caller.tenant_id,
        actor=caller.actor.credential,
        names=None if names is None else list(names),
    )
    return [_live_space(row) for row in rows]


def _live_space(row: tuple[Any, ...]) -> LiveSpace:
    *described, limits, by_tenant, by_actor = row
    held = frozenset(by_tenant or ()) & frozenset(by_actor or ())
    values: list[Any] = [*described, held, _overridden(limits)]
    return LiveSpace(*values)


def live_caller(caller: Caller) -> LiveCaller | None:
    kind, credential = caller.actor.kind, caller.actor.credential
    rows = _run(
        "live_caller",
        tenant_id=caller.tenant_id,
        key_id=credential if kind == "key" else None,
        user_id=credential if kind == "member" else None,
        kid=credential if kind == "subject" else None,
    )
    return LiveCaller(*rows[0]) if rows else None


def is_admin(caller: Caller) -> bool:
    ((answer,),) = _run("is_admin", user_id=caller.actor.credential, tenant_id=caller.tenant_id)
    return bool(answer)


def space_by_id(space_id: UUID) -> WorkSpace | None:
    return _work_space(space_id=space_id, name=None, erasing=False)


def erasing_space_by_id(space_id: UUID) -> WorkSpace | None:
    return _work_space(space_id=space_id, name=None, erasing=True)


def space_by_name(name: str) -> WorkSpace | None:
    return _work_space(space_id=None, name=name, erasing=False)


def text_searches() -> list[str]:
    """The names of the server's text search configurations."""
    return [name for (name,) in _run("text_searches")]


def labelled_spaces(most: int) -> dict[str, str]:
    """The tenants of the oldest spaces, at most so many, by the spaces' names."""
    return dict(_run("labelled_spaces", most=most))


def _work_space(**which: Any) -> WorkSpace | None:
    rows = _run("work_space", **which)
    values: list[list[Any]] = [[*described, _overridden(limits)] for *described, limits in rows]
    return WorkSpace(*values[0]) if values else None


def note_run(task: str, seconds: float, *, failed: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL["note_run"], {"task": task, "seconds": seconds, "failed": failed})


def limit_time(milliseconds: int) -> None:
    """Inside a transaction: no statement of the rest of it runs longer. What does is an error that ``ran_out_of_time`` knows."""
    _run("limit_time", milliseconds=milliseconds)


def ran_out_of_time(error: OperationalError) -> bool:
    return isinstance(error.__cause__, QueryCanceled)


def failing_tasks(tenant_id: UUID, since: datetime, limit: int) -> list[tuple[Any, ...]]:
    """Task, its space's name and title, how often it failed for good, and when last."""
    return _run("failing_tasks", tenant_id=tenant_id, since=since, limit=limit)


def misses_space(error: IntegrityError) -> bool:
    """Whether a row was refused because the space that it names is not there."""
    cause = error.__cause__
    return isinstance(cause, ForeignKeyViolation) and '"tenants_space"' in (cause.diag.message_detail or "")


def _overridden(limits: Any) -> Limits:
    """The installation's limits under a space's own; jsonb comes as text from a raw cursor."""
    return installation().limits.overridden(json.loads(limits) if isinstance(limits, str) else limits)


def _run(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
