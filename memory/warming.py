"""Making a process's connections ready before anybody waits for them: a search's first run on one is mostly planning."""

import logging
import threading
import uuid
from dataclasses import asdict

import numpy as np
from django.db import DatabaseError, connection

from memory import queries
from memory.services.recall import SPREADING, Cue, prepare
from tenants.callers import SYSTEM, Origin
from tenants.limits import installation
from tenants.models import Permission
from tenants.scope import SpaceScope, space_tx

SECONDS = 30

logger = logging.getLogger(__name__)


def warm_connections() -> None:
    """Search a space that there is not on all connections that the pool keeps, at once, so that each has planned what a recall
    takes. Without a pool every thread has a connection of its own, and there is nothing to do."""
    pool = connection.pool  # type: ignore[attr-defined]  # the PostgreSQL backend's
    if pool is None:
        return
    count = pool.min_size
    together = threading.Barrier(count)
    threads = [threading.Thread(target=_warm, args=(together,), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _warm(together: threading.Barrier) -> None:
    scope, nobody = _nowhere(), uuid.uuid4()
    call = prepare(scope, Cue(query="warm up"), embed=lambda *_: [np.ones(scope.embedding_dimension, np.float32)])
    try:
        with space_tx(scope, durable=False):
            # Each holds a connection of its own from here on.
            together.wait(SECONDS)
            queries.recall(scope, call)
            queries.spread(scope, [nobody], depth=1, **asdict(SPREADING), limit=1)
    except (threading.BrokenBarrierError, DatabaseError):
        # A database that is away or busy has its connections made ready by those who come first.
        logger.info("A connection was not made ready.")
    finally:
        connection.close()


def _nowhere() -> SpaceScope:
    return SpaceScope(
        space_id=uuid.uuid4(),
        space="nowhere",
        tenant_id=uuid.uuid4(),
        actor=SYSTEM,
        permissions=frozenset({Permission.READ.value}),
        limits=installation().limits,
        embedding_model="",
        embedding_dimension=384,
        origin=Origin(address="worker"),
    )
