"""Erasing what a space holds: every table, in small steps, counted once."""

from collections.abc import Iterator

import psycopg
import pytest

from memory.records import NewMemory
from memory.services.erase import TABLES, erase
from memory.services.remember import remember
from memory.services.work import Busy, take_turn
from tenants.errors import SpaceErasing
from tenants.models import Erasure, Space
from tenants.pages.erasures import STEPS
from tenants.scope import ScopeError, SpaceScope, space_tx
from tests.isolation.catalogue import scoped_tables
from tests.isolation.stage import admin_connection
from tests.isolation.test_catalogue import DATA_PLANE
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.world import scope_of


@pytest.fixture
def admin() -> Iterator[psycopg.Connection]:
    with admin_connection() as raw:
        yield raw


def close(space: SpaceApi) -> SpaceScope:
    assert space.client.delete(f"/api/v1/spaces/{space.space}/").status_code == 202
    return SpaceScope.for_erasure(Space.objects.get(name=space.space).id)


def fill(space: SpaceApi, memories: int) -> None:
    space.batch([{"content": f"Memory {n}.", "session": "one", "embedding": [1.0, 0.0]} for n in range(memories)])


def report(space: str) -> dict[str, int]:
    erased: dict[str, int] = Erasure.objects.get(space=space).erased
    return erased


def left(admin: psycopg.Connection, scope: SpaceScope) -> int:
    counts = [admin.execute(f"select count(*) from {table} where space_id = %s", [scope.space_id]) for table in TABLES]
    return sum(row[0] for count in counts for row in count.fetchall())


def test_it_knows_every_table_of_a_space(admin: psycopg.Connection) -> None:
    held = {table for table in DATA_PLANE if table.startswith("memory_")}
    assert set(TABLES) == held & scoped_tables(admin)


def test_every_table_is_a_step_of_the_report() -> None:
    assert len(TABLES) == STEPS


def test_it_leaves_nothing_and_counts_each_row_once(plane: SpaceApi, admin: psycopg.Connection) -> None:
    fill(plane, 25)
    scope = close(plane)
    assert erase(scope, batch=7)
    assert left(admin, scope) == 0
    counts = report("acme_plane")
    assert (counts["memory_memory"], counts["memory_embedding"], counts["memory_association"]) == (25, 25, 48)


def test_what_one_worker_did_not_finish_another_does(plane: SpaceApi, admin: psycopg.Connection) -> None:
    fill(plane, 25)
    scope = close(plane)
    assert not erase(scope, batch=7, seconds=0)
    assert 0 < report("acme_plane")["memory_association"] < 48
    assert erase(scope)
    assert report("acme_plane")["memory_memory"] == 25
    assert report("acme_plane")["memory_association"] == 48


def test_one_worker_at_a_time_erases(plane: SpaceApi) -> None:
    fill(plane, 3)
    scope = close(plane)

    def refused() -> bool:
        with pytest.raises(Busy):
            erase(scope)
        return True

    with space_tx(scope):
        take_turn(scope)
        assert at_once(refused) == [True]
    assert erase(scope)


def test_a_space_that_nobody_asked_to_erase_is_not_erased(plane: SpaceApi) -> None:
    with pytest.raises(ScopeError):
        SpaceScope.for_erasure(Space.objects.get(name="acme_plane").id)
    with pytest.raises(ScopeError):
        SpaceScope.for_task(close(plane).space_id)


def test_a_request_that_was_let_in_before_finds_it_closed(plane: SpaceApi) -> None:
    before = scope_of("acme_plane")
    assert erase(close(plane))
    with pytest.raises(SpaceErasing):
        remember(before, NewMemory("Too late.", embedding=[1.0, 0.0]))
