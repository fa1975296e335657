"""Indexes over large spaces' vectors: when there is one, what recall finds by it, and what becomes of half of one."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from threading import Thread
from typing import Any

import numpy as np
import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from benchmarks.corpus import unit
from memory.models import Memory
from memory.records import NewMemory
from memory.services.erase import erase
from memory.services.indexes import reconcile_indexes
from memory.services.remember import remember_batch
from tenants.models import Space
from tenants.scope import SpaceScope, space_tx
from tests.isolation.stage import admin_connection
from tests.memory.parallel import at_once
from tests.memory.partitions import space_beside
from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.site.test_metrics import samples
from tests.site.workers import Worker
from tests.tenants.control_api import trail
from tests.world import World, scope_of

SPACE, OTHER = "acme_large", "acme_larger"
DIMENSION = 48
LARGE = 600
BUILDING = "select count(*) from pg_index where indexrelid::regclass::text ~ '^memory_ann_' and not indisvalid"
SCANS = "select idx_scan from pg_stat_user_indexes where indexrelname ~ '^memory_ann_'"
END_BUILDING = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and query ~ 'create index concurrently' and pid <> pg_backend_pid()
"""


@pytest.fixture(autouse=True)
def small_indexes(settings: LazySettings, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """A space is large from ``LARGE`` memories on; called, sets what ``[indexes]`` says."""

    def say(**values: int) -> None:
        settings.ENGRAM_CONFIG = tmp_path_factory.mktemp("config") / "engram.toml"
        lines = [f"{name} = {value}" for name, value in {"min_memories": LARGE, **values}.items()]
        settings.ENGRAM_CONFIG.write_text("\n".join(["[indexes]", *lines]))

    say()
    return say


@pytest.fixture(autouse=True)
def no_index_left(database: None, admin: psycopg.Connection) -> Iterator[None]:
    yield
    connection.close()
    for (index,) in admin.execute("select relname from pg_class where relname ~ '^memory_ann_'").fetchall():
        admin.execute(f"drop index {index}")


@pytest.fixture
def admin() -> Iterator[psycopg.Connection]:
    with admin_connection() as raw:
        yield raw


@pytest.fixture
def large(world: World) -> SpaceApi:
    space = space_of_vectors(SPACE, DIMENSION)
    fill(SPACE, LARGE)
    return space


def vectors(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors in clusters, as embeddings lie."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((40, DIMENSION))
    return unit(
        (centres[draw.integers(0, 40, count)] + 0.6 * draw.standard_normal((count, DIMENSION))).astype(np.float32)
    )


def fill(space: str, count: int, start: int = 0, **fields: Any) -> np.ndarray:
    drawn = vectors(start + count)[start:]
    batch = [NewMemory(f"Memory {n}.", embedding=v.tolist(), **fields) for n, v in enumerate(drawn, start)]
    remember_batch(scope_of(space), batch)
    return drawn


def acts() -> list[tuple[str, str, str]]:
    """What reconciling does: act, tier and outcome."""
    return [(taken.step.act, taken.step.tier, taken.outcome) for taken in reconcile_indexes()]


def search(space: SpaceApi, tier: str = "hot") -> str:
    return str(space.get("usage/").json()[tier]["search"])


def nearest(space: SpaceApi, cue: np.ndarray, **more: Any) -> list[str]:
    return space.recalled(embedding=cue.tolist(), seeds=["semantic"], depth=0, tiers=["hot", "warm"], **more)


def forget(space: str, count: int) -> None:
    with space_tx(scope_of(space)):
        Memory.objects.filter(id__in=list(Memory.objects.values_list("id", flat=True)[:count])).delete()


@contextmanager
def building(space: SpaceApi, admin: psycopg.Connection) -> Iterator[None]:
    """Hold a writer open, so that whoever builds an index of the space's waits in the middle of it."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as writer:
        writer.execute(
            "update memory_embedding set vector = vector where space_id = %s", [scope_of(space.space).space_id]
        )
        yield


def wait_until_begun(admin: psycopg.Connection, thread: Thread) -> None:
    while admin.execute(BUILDING).fetchone() != (1,):
        assert thread.is_alive()


def test_a_tier_that_has_become_large_is_given_an_index_and_is_searched_by_it(large: SpaceApi) -> None:
    assert search(large) == "exact"
    assert acts() == [("build", "hot", "allowed")]
    assert (search(large), search(large, "warm")) == ("index", "exact")
    assert acts() == [("keep", "hot", "allowed")]
    assert trail("acme", "build_index") == [("allowed", "hot")]


def test_recall_reads_the_index_and_not_every_vector(large: SpaceApi, admin: psycopg.Connection) -> None:
    acts()
    nearest(large, vectors(1)[0])
    nearest(large, vectors(1)[0], filters={"kind": "fact"})
    connection.close()
    deadline = time.monotonic() + 10
    while admin.execute(SCANS).fetchall() != [(2,)]:
        assert time.monotonic() < deadline


def test_a_small_one_is_given_none(world: World) -> None:
    space_of_vectors(SPACE, DIMENSION)
    fill(SPACE, LARGE - 1)
    assert acts() == []


def test_it_is_dropped_when_half_of_that_is_left_and_not_before(large: SpaceApi) -> None:
    acts()
    forget(SPACE, LARGE // 2)
    assert acts() == [("keep", "hot", "allowed")]
    forget(SPACE, 1)
    assert acts() == [("drop", "hot", "allowed")]
    assert search(large) == "exact"
    assert len(nearest(large, vectors(1)[0])) == 10


def test_hot_and_warm_have_indexes_of_their_own_and_memories_are_found_in_both(large: SpaceApi) -> None:
    fill(SPACE, LARGE, LARGE)
    with space_tx(scope_of(SPACE)):
        Memory.objects.filter(id__in=list(Memory.objects.values_list("id", flat=True)[:LARGE])).update(tier="warm")
    exact = [nearest(large, cue) for cue in vectors(5)]
    assert acts() == [("build", "hot", "allowed"), ("build", "warm", "allowed")]
    assert [nearest(large, cue) for cue in vectors(5)] == exact


def test_the_largest_have_the_indexes_there_may_be(large: SpaceApi, small_indexes: Callable[..., None]) -> None:
    larger = space_of_vectors(OTHER, DIMENSION)
    fill(OTHER, LARGE + 10)
    small_indexes(max_indexes=1)
    assert acts() == [("build", "hot", "allowed")]
    assert (search(large), search(larger)) == ("exact", "index")
    # One that has overtaken it by a little does not take its place.
    fill(SPACE, 20, LARGE)
    assert acts() == [("keep", "hot", "allowed")]
    assert search(larger) == "index"


def test_it_finds_what_comparing_every_vector_finds(world: World) -> None:
    space = space_of_vectors(SPACE, DIMENSION)
    for start in range(0, 3_000, 1_000):
        fill(SPACE, 1_000, start)
    cues = vectors(3_050)[3_000:]
    exact = [set(nearest(space, cue)) for cue in cues]
    assert acts() == [("build", "hot", "allowed")]
    found = [len(right & set(nearest(space, cue))) / 10 for right, cue in zip(exact, cues, strict=True)]
    assert np.mean(found) >= 0.98


def test_what_is_remembered_and_forgotten_later_is_found_and_not_found(large: SpaceApi) -> None:
    acts()
    (new,) = vectors(1, seed=2)
    memory = large.remember("New.", embedding=new.tolist())
    assert nearest(large, new)[0] == memory
    large.delete(f"memories/{memory}/")
    assert memory not in nearest(large, new)


@pytest.mark.parametrize(
    ("fields", "filters"),
    [
        ({"metadata": {"rare": True}}, {"metadata": {"rare": True}}),
        ({"kind": "rare"}, {"kind": "rare"}),
        ({"session": "rare"}, {"session": "rare"}),
        ({"observed_at": "2001-01-01T00:00:00Z"}, {"observed_before": "2002-01-01T00:00:00Z"}),
    ],
)
def test_filters_leave_ten_where_there_are_ten(large: SpaceApi, fields: Any, filters: Any) -> None:
    fill(SPACE, 12, LARGE, **fields)
    (cue,) = vectors(1)
    exact = nearest(large, cue, filters=filters)
    acts()
    assert nearest(large, cue, filters=filters) == exact
    assert len(exact) == 10


def test_filters_that_many_pass_are_answered_by_the_index(large: SpaceApi) -> None:
    fill(SPACE, LARGE, LARGE, kind="other")
    (cue,) = vectors(1)
    exact = nearest(large, cue, filters={"kind": "fact"})
    acts()
    assert nearest(large, cue, filters={"kind": "fact"}) == exact


def test_expired_memories_are_not_found_by_it_either(large: SpaceApi) -> None:
    acts()
    cue = vectors(1)[0]
    first = nearest(large, cue)
    large.expire(first[0])
    assert nearest(large, cue)[:9] == first[1:]


def test_as_many_are_found_as_are_asked_for(large: SpaceApi) -> None:
    acts()
    assert len(nearest(large, vectors(1)[0], limit=100)) == 100


def test_spaces_that_share_a_partition_do_not_find_each_others_memories(large: SpaceApi) -> None:
    beside = space_beside(SPACE, DIMENSION)
    fill(beside.space, LARGE)
    assert sorted(acts()) == [("build", "hot", "allowed")] * 2
    for cue in vectors(20):
        here, there = nearest(large, cue), nearest(beside, cue)
        with space_tx(scope_of(SPACE)):
            assert Memory.objects.filter(id__in=here).count() == 10
            assert not Memory.objects.filter(id__in=there).exists()


def test_one_that_is_not_complete_is_not_used_and_is_built_again(large: SpaceApi, admin: psycopg.Connection) -> None:
    acts()
    admin.execute("update pg_index set indisvalid = false where indexrelid::regclass::text ~ '^memory_ann_'")
    assert search(large) == "exact"
    assert len(nearest(large, vectors(1)[0])) == 10
    assert acts() == [("drop", "hot", "allowed"), ("build", "hot", "allowed")]
    assert search(large) == "index"


def test_while_it_is_built_memories_are_remembered_and_recalled(large: SpaceApi, admin: psycopg.Connection) -> None:
    thread = Thread(target=at_once, args=[reconcile_indexes])
    with building(large, admin):
        thread.start()
        wait_until_begun(admin, thread)
        (new,) = vectors(1, seed=2)
        memory = large.remember("New.", embedding=new.tolist())
        assert (search(large), nearest(large, new)[0]) == ("exact", memory)
        with pytest.raises(CommandError, match=r"Another worker is building indexes\. Try again"):
            call_command("reconcile_indexes", json=True, stdout=StringIO())
    thread.join()
    assert (search(large), nearest(large, new)[0]) == ("index", memory)


def test_a_worker_that_is_killed_while_it_builds_leaves_it_to_the_next(
    large: SpaceApi, admin: psycopg.Connection, tmp_path: Any, settings: LazySettings
) -> None:
    worker = Worker(tmp_path, ENGRAM_CONFIG=str(settings.ENGRAM_CONFIG))
    with building(large, admin):
        worker.send("memory.tasks.reconcile_indexes")
        worker.wait_until(lambda: admin.execute(BUILDING).fetchone() == (1,))
        worker.kill()
        admin.execute(END_BUILDING)
    assert search(large) == "exact"
    worker.start()
    worker.plan_until(lambda: search(large) == "index", ("memory.tasks.reconcile_indexes",))
    worker.stop()
    assert trail("acme", "drop_index") == [("allowed", "hot")]


def test_one_that_cannot_be_built_does_not_keep_others_from_theirs(large: SpaceApi, admin: psycopg.Connection) -> None:
    space_of_vectors(OTHER, DIMENSION)
    fill(OTHER, LARGE)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(
            "update memory_embedding set vector = '[1]' where (space_id, memory_id) in "
            "(select space_id, memory_id from memory_embedding where space_id = %s limit 1)",
            [scope_of(OTHER).space_id],
        )
    assert sorted(acts()) == [("build", "hot", "allowed"), ("build", "hot", "failed")]
    assert search(large) == "index"


def test_an_erased_space_leaves_none(large: SpaceApi) -> None:
    acts()
    assert large.client.delete(f"/api/v1/spaces/{SPACE}/").status_code == 202
    assert erase(SpaceScope.for_erasure(Space.objects.get(name=SPACE).id))
    assert acts() == [("drop", "hot", "allowed")]
    assert acts() == []


def test_an_archived_space_needs_none(large: SpaceApi) -> None:
    acts()
    Space.objects.filter(name=SPACE).update(status=Space.Status.ARCHIVED)
    assert acts() == [("drop", "hot", "allowed")]


def test_metrics_tell_how_many_there_are(large: SpaceApi) -> None:
    assert samples("engram_ann_indexes") == {("used",): 0, ("unfinished",): 0}
    acts()
    assert samples("engram_ann_indexes") == {("used",): 1, ("unfinished",): 0}
    assert samples("engram_ann_index_bytes")[()] > 8_192


def test_the_command_tells_what_it_would_do_and_does_it(large: SpaceApi) -> None:
    def told(**options: Any) -> Any:
        out = StringIO()
        call_command("reconcile_indexes", json=True, stdout=out, **options)
        (row,) = json.loads(out.getvalue())["results"]
        return row["act"], row["space"], row["tier"], row["memories"], row["outcome"]

    assert told(dry_run=True) == ("build", SPACE, "hot", LARGE, "planned")
    assert search(large) == "exact"
    assert told() == ("build", SPACE, "hot", LARGE, "done")
    assert told(dry_run=True) == ("keep", SPACE, "hot", LARGE, "planned")


def test_without_the_owners_address_it_says_what_is_missing(world: World, settings: LazySettings) -> None:
    settings.DATABASE_OWNER_URL = ""
    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        call_command("reconcile_indexes", stdout=StringIO())
