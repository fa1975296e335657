"""The hand-written SQL of idempotency keys. Every call belongs inside ``space_tx``."""

import json
from typing import Any

from django.db import connection

from tenants import statements
from tenants.scope import SpaceScope

_SQL = statements.load(__file__)


def claim_idempotency_key(scope: SpaceScope, key: str, request_hash: bytes) -> bool:
    return bool(_run("claim_idempotency_key", scope, actor_id=scope.actor.id, key=key, request_hash=request_hash))


def idempotent_answer(scope: SpaceScope, key: str) -> tuple[bytes, Any]:
    ((request_hash, answer),) = _run("idempotent_answer", scope, actor_id=scope.actor.id, key=key)
    return bytes(request_hash), json.loads(answer) if isinstance(answer, str) else answer


def keep_answer(scope: SpaceScope, key: str, answer: Any) -> None:
    _run("keep_answer", scope, actor_id=scope.actor.id, key=key, answer=json.dumps(answer))


def forget_idempotency_keys(scope: SpaceScope, limit: int) -> int:
    """Delete at most ``limit`` keys that are a day old; how many there were."""
    ((forgotten,),) = _run("forget_idempotency_keys", scope, limit=limit)
    return int(forgotten)


def _run(statement: str, scope: SpaceScope, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[statement], {"space_id": scope.space_id, **parameters})
        rows: list[Any] = cursor.fetchall() if cursor.description else []
        return rows
