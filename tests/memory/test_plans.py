"""Statements look up what they show: what they read of a space does not grow with it, whatever the planner was told of it."""

import os
from collections.abc import Callable
from dataclasses import asdict
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from memory import queries
from memory.models import Memory
from memory.records import NewMemory
from memory.services.associations import associations_of
from memory.services.recall import SPREADING, Cue, prepare
from memory.services.remember import remember_batch
from tenants.scope import SpaceScope, space_tx
from tests.memory.partitions import space_beside
from tests.memory.space_api import space_of_vectors
from tests.world import World, scope_of

MEMORIES = 3_000
# Of each session's memories, every one is associated with the next.
SESSION = 10
# Executions after which psycopg has prepared a statement and PostgreSQL keeps one plan for all parameters.
OFTEN = 15
# What this transaction has read so far of tables, and of tables and their indexes.
ROWS = (
    "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables where relname like %s"
)
BLOCKS = "select sum(pg_stat_get_xact_blocks_fetched(oid))::bigint from pg_class where relname like %s"


@pytest.fixture
def ids(world: World) -> list[UUID]:
    space_of_vectors("acme_plane", 2)
    remembered: list[UUID] = []
    for start in range(0, MEMORIES, 1_000):
        numbers = range(start, start + 1_000)
        batch = [NewMemory(f"number {n}", session=str(n // SESSION), embedding=[1.0, n / MEMORIES]) for n in numbers]
        remembered += [memory.id for memory in remember_batch(scope_of("acme_plane"), batch)]
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("vacuum analyze memory_memory, memory_association")
    # Plans made before would not know of it.
    connection.close()
    return remembered


@pytest.fixture
def scope(ids: list[UUID]) -> SpaceScope:
    scope: SpaceScope = scope_of("acme_plane")
    return scope


def spent(work: Callable[[], object], count: str, table: str) -> int:
    """What it costs in the end, in ``ROWS`` or ``BLOCKS`` of a table's partitions."""
    for _ in range(OFTEN):
        work()
    before = _counted(count, table)
    work()
    return _counted(count, table) - before


def _counted(count: str, table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(count, [f"{table}%"])
        return int(cursor.fetchone()[0])


def test_recall_reads_no_more_memories_than_it_finds(scope: SpaceScope) -> None:
    call = prepare(scope, Cue(embedding=[1.0, 0.0], depth=2))
    with space_tx(scope):
        hits, _ = queries.recall(scope, call)
        assert len(hits) == 10
        assert spent(lambda: queries.recall(scope, call), ROWS, "memory_memory") < 2 * call.pool


def test_recall_reads_nothing_of_a_tier_that_it_does_not_search(scope: SpaceScope, ids: list[UUID]) -> None:
    call = prepare(scope, Cue(embedding=[1.0, 0.0], depth=0))
    with space_tx(scope):
        Memory.objects.filter(id__in=ids[100:]).update(tier="cold")
    with space_tx(scope):
        hits, _ = queries.recall(scope, call)
        assert len(hits) == 10
        # The top of the index is, to look for vectors of what words alone bring up.
        assert spent(lambda: queries.recall(scope, call), BLOCKS, "memory_embedding_cold") <= 5


def test_spreading_reads_no_more_memories_than_it_reaches(scope: SpaceScope, ids: list[UUID]) -> None:
    def reach() -> object:
        return queries.spread(scope, ids[::SESSION], depth=1, **asdict(SPREADING), limit=1_000)

    with space_tx(scope):
        assert spent(reach, ROWS, "memory_memory") <= 2 * MEMORIES / SESSION


def test_flows_are_looked_up_by_memory_and_not_by_pair(scope: SpaceScope, ids: list[UUID]) -> None:
    sources = ids[: 30 * SESSION : SESSION]
    with space_tx(scope):
        reached = queries.spread(scope, sources, depth=3, **asdict(SPREADING), limit=1_000)
        assert len(reached) > 3 * len(sources)
        assert spent(lambda: queries.flows(scope, reached), BLOCKS, "memory_association") <= 5 * len(reached)


@pytest.fixture
def unknown(scope: SpaceScope) -> SpaceScope:
    """A space as large as the other, in the same partitions, of which the planner's statistics know nothing."""
    new: SpaceScope = scope_of(space_beside(scope.space, 2).space)
    for start in range(0, MEMORIES, 1_000):
        batch = [
            NewMemory(f"new {n}", session=str(n // SESSION), embedding=[1.0, 0.0]) for n in range(start, start + 1_000)
        ]
        remember_batch(new, batch)
    return new


def test_associations_of_a_new_space_are_looked_up_though_statistics_do_not_know_it(unknown: SpaceScope) -> None:
    with space_tx(unknown):
        ids = list(Memory.objects.values_list("id", flat=True)[: 2 * OFTEN])
        assert spent(lambda: list(associations_of(unknown, ids[0])), BLOCKS, "memory_association") <= 30
        assert spent(lambda: queries.forget(unknown, ids.pop()), BLOCKS, "memory_association") <= 30
