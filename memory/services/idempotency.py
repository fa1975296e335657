"""Doing a request once, however often a client sends it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from memory import idempotency_queries as queries
from tenants.errors import Conflict
from tenants.scope import SpaceScope, space_tx

# Keys deleted in one transaction.
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's ``Idempotency-Key`` and the request it came with."""

    key: str
    request: bytes


def once(scope: SpaceScope, key: IdempotencyKey | None, act: Callable[[], Any]) -> Any:
    """Inside ``space_tx``: the JSON answer of ``act``, or the one it gave when this key was first used.

    A second request with the key waits for the first; raises ``Conflict`` if it is another request.
    """
    if key is None:
        return act()
    digest = hashlib.sha256(key.request).digest()
    if queries.claim_idempotency_key(scope, key.key, digest):
        answer = act()
        queries.keep_answer(scope, key.key, answer)
        return answer
    used_for, answer = queries.idempotent_answer(scope, key.key)
    if used_for != digest:
        raise Conflict(f"The Idempotency-Key {key.key!r} was used for another request.", "idempotency_key_reused")
    return answer


def forget_idempotency_keys(scope: SpaceScope, *, batch: int = BATCH) -> int:
    """Delete the keys that are a day old, with their answers; how many there were."""
    forgotten = 0
    while True:
        with space_tx(scope):
            count = queries.forget_idempotency_keys(scope, batch)
        forgotten += count
        if count < batch:
            return forgotten
