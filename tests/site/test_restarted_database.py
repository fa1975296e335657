"""The database server, stopped as if its plug had been pulled and started again, in the middle of each kind of task."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from engram_site.runner.database import prepare_database
from engram_site.runner.environment import Secrets
from engram_site.runner.postgres import EmbeddedPostgres
from memory.models import Association, Import, Memory
from memory.services.imports import read_import, start_import
from memory.services.reinforcement import BATCH as RECALLS_AT_A_TIME
from tenants.models import DeadLetter, Erasure, Space
from tenants.scope import space_tx
from tests.memory.space_api import space_of_vectors
from tests.memory.wholeness import assert_whole
from tests.servers import ROOT
from tests.site.full_space import MEMORIES, SPACE, count, long_file, make_full_space, note_recalls, recalls
from tests.site.web_server import web_server
from tests.site.workers import PATIENCE, Worker
from tests.tenants.control_api import ControlApi
from tests.world import World, logged_in, scope_of


class FragilePostgres(EmbeddedPostgres):
    """Stopping it is PostgreSQL's immediate mode: nothing is written any more, and the next start recovers from the log."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._stop_signal = signal.SIGQUIT

    def restart(self) -> None:
        self.stop()
        # The test's own connection ended with the server.
        connection.close()
        self.start()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FragilePostgres]:
    """A server of these tests' own, to which the process's connection leads meanwhile: no other test misses it."""
    server = FragilePostgres(tmp_path_factory.mktemp("fragile") / "postgres")
    server.start()
    urls = prepare_database(server.url, Secrets.draw())
    app = urlsplit(urls.app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", urls.app)
        patch.setenv("DATABASE_OWNER_URL", urls.owner)
        patch.setenv("ENGRAM_TEST_ADMIN_URL", urlsplit(server.url)._replace(path=app.path).geturl())
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        patch.setitem(connection.settings_dict, "PORT", str(app.port))
        patch.setitem(connection.settings_dict, "NAME", app.path.strip("/"))
        patch.setitem(connection.settings_dict, "PASSWORD", app.password)
        yield server
    server.stop()


@pytest.fixture(scope="module")
def worker(server: FragilePostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("restarted")
    (folder / "engram.toml").write_text("[tiers]\nbatch = 20\n")
    worker = Worker(folder, ENGRAM_CONFIG=str(folder / "engram.toml"), DATABASE_URL=os.environ["DATABASE_URL"])
    yield worker
    worker.stop()


@pytest.fixture
def full(worker: Worker, world: World) -> str:
    return make_full_space()


def test_restarted_while_memories_move(server: FragilePostgres, worker: Worker, full: str) -> None:
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: 0 < count(tier="warm") < 1_600)
    server.restart()
    assert_whole(SPACE, MEMORIES)
    worker.wait_until(lambda: count(tier="warm") == 1_600)
    assert assert_whole(SPACE, MEMORIES) == {"hot": 400, "warm": 1_600}


def test_away_for_longer_than_one_attempt(server: FragilePostgres, worker: Worker, full: str) -> None:
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: 0 < count(tier="warm") < 1_600)
    tried = worker.count(r"rebalance_space\[\S+\] retry: Retry in")
    connection.close()
    server.stop()
    worker.wait_until(lambda: worker.count(r"rebalance_space\[\S+\] retry: Retry in") > tried + 1)
    server.start()
    worker.wait_until(lambda: count(tier="warm") == 1_600)
    assert assert_whole(SPACE, MEMORIES) == {"hot": 400, "warm": 1_600}
    assert not DeadLetter.objects.exists()


def test_restarted_while_recalls_are_applied(server: FragilePostgres, worker: Worker, full: str) -> None:
    with space_tx(scope_of(SPACE)):
        Memory.objects.update(tier="cold")
    times = 10 * RECALLS_AT_A_TIME
    note_recalls(worker, times)
    worker.send("memory.tasks.apply_recalls", full)
    worker.wait_until(lambda: 0 < recalls() < 3 * times)
    server.restart()
    worker.wait_until(lambda: recalls() >= 3 * times)
    assert recalls() == 3 * times
    with space_tx(scope_of(SPACE)):
        assert list(Association.objects.values_list("reinforced", flat=True)) == [times] * 6
    assert assert_whole(SPACE, MEMORIES) == {"hot": 3, "cold": MEMORIES - 3}


def test_restarted_while_expired_memories_are_deleted(server: FragilePostgres, worker: Worker, full: str) -> None:
    with space_tx(scope_of(SPACE)):
        Memory.objects.exclude(content__endswith="shared0").update(expires_at=timezone.now())
    kept = count(expires_at=None)
    worker.send("memory.tasks.tidy_space", full)
    worker.wait_until(lambda: kept < count() < MEMORIES)
    server.restart()
    worker.wait_until(lambda: count() == kept)
    assert assert_whole(SPACE, kept) == {"hot": kept}


def test_restarted_while_a_space_is_imported(server: FragilePostgres, worker: Worker, world: World) -> None:
    space_of_vectors(SPACE, 2)
    scope = scope_of(SPACE)
    job = start_import(scope, long_file(5_000))
    worker.send("memory.tasks.import_memories", str(scope.space_id), str(job.id))
    worker.wait_until(lambda: 0 < read_import(scope, job.id).memories < 5_000)
    server.restart()
    worker.wait_until(lambda: read_import(scope, job.id).status == Import.Status.DONE)
    done = read_import(scope, job.id)
    assert (done.memories, done.existing, done.lines) == (5_000, 0, 5_002)
    assert assert_whole(SPACE, 5_000) == {"hot": 5_000}


def test_restarted_while_a_space_is_erased(server: FragilePostgres, worker: Worker, full: str) -> None:
    assert ControlApi(logged_in("alice")).delete(f"spaces/{SPACE}/").status_code == 202
    worker.send("memory.tasks.erase_spaces")
    worker.wait_until(lambda: any(Erasure.objects.get(space=SPACE).erased.values()))
    server.restart()
    worker.wait_until(lambda: Erasure.objects.get(space=SPACE).finished_at is not None)
    erased = Erasure.objects.get(space=SPACE).erased
    assert (erased["memory_memory"], erased["memory_embedding"]) == (MEMORIES, MEMORIES)
    assert not Space.objects.filter(id=full).exists()


def idle() -> int:
    """How many of Engram's connections wait for work."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        waiting = "select count(*) from pg_stat_activity where application_name = 'engram' and state = 'idle'"
        ((number,),) = admin.execute(waiting).fetchall()
        return int(number)


def test_the_web_server_fails_one_request_and_no_more(server: FragilePostgres, world: World, tmp_path: Path) -> None:
    connection.close()
    others = idle()
    with web_server(tmp_path) as site:
        deadline = time.monotonic() + PATIENCE
        while idle() < others + settings.POOL_SIZE:
            assert time.monotonic() < deadline, "The pool is not full in time."
            time.sleep(0.1)
        server.restart()
        tokens = [site.access_token(world.keys["acme_s1"]) for _ in range(2 * settings.POOL_SIZE)]
    assert None not in tokens[1:]
