"""Web and worker told to end while they are at work: what is under way is finished, what is new is refused, nothing is lost."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from django.db import connection

from engram_site.runner.ports import remembered_port
from engram_site.runner.processes import Program
from engram_site.runner.site import Site
from memory import queries
from memory.models import Import, Memory
from memory.services.imports import read_import, start_import
from tenants.scope import space_tx
from tests.limits import limit_space
from tests.memory.space_api import space_of_vectors
from tests.memory.wholeness import assert_whole
from tests.servers import ROOT
from tests.site.full_space import long_file
from tests.site.workers import Worker
from tests.world import World, scope_of

PATIENCE = 120.0
UNDER_WAY = 6


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    return Site(tmp_path, "127.0.0.1", remembered_port(tmp_path / "web.port"))


@pytest.fixture
def web(site: Site) -> Iterator[Program]:
    """The web server as it ships, under the runner's hand."""
    command = [sys.executable, "-m", "gunicorn", "-c", "engram_site/gunicorn.py"]
    environment = {**os.environ, "ENGRAM_PORT": str(site.port)}
    program = Program("web", site.log("web"), command, environment=environment, directory=ROOT)
    program.start()
    program.wait_until(site.is_ready, seconds=PATIENCE)
    yield program
    program.stop()


class Remembering:
    """A request of which the server has the first half, and a thread of it waits for the other."""

    def __init__(self, port: int, space: str, token: str, content: str) -> None:
        self._body = json.dumps({"content": content}).encode()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._connection.putrequest("POST", f"/api/v1/spaces/{space}/memories/")
        self._connection.putheader("Authorization", f"Bearer {token}")
        self._connection.putheader("Content-Type", "application/json")
        self._connection.putheader("Content-Length", str(len(self._body)))
        self._connection.putheader("Expect", "100-continue")
        self._connection.endheaders(self._body[:10])
        # A thread that takes a request up says so.
        self._connection.sock.recv(1, socket.MSG_PEEK)

    def finish(self) -> int:
        """Send the other half; the answer's status."""
        self._connection.send(self._body[10:])
        response = self._connection.getresponse()
        response.read()
        self._connection.close()
        return response.status


def is_refused(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) != 0


def wait_until_refused(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_refused(port):
        assert time.monotonic() < deadline, "The web server goes on taking connections."
        time.sleep(0.05)


def test_a_web_server_that_is_told_to_end_finishes_what_it_has_and_takes_no_more(
    world: World, site: Site, web: Program
) -> None:
    token = world.token("acme_s1")
    asked = [Remembering(site.port, "acme_s1", token, f"Said while it was ending, {n}.") for n in range(UNDER_WAY)]
    ending = Thread(target=web.stop)
    ending.start()
    wait_until_refused(site.port)
    assert [each.finish() for each in asked] == [201] * UNDER_WAY
    ending.join()
    assert web.exit_code == 0
    with space_tx(scope_of("acme_s1")):
        assert Memory.objects.filter(content__startswith="Said while").count() == UNDER_WAY


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    (tmp_path / "engram.toml").write_text("[tiers]\nbatch = 20\n")
    worker = Worker(tmp_path, ENGRAM_CONFIG=str(tmp_path / "engram.toml"))
    yield worker
    worker.stop()


def count(tier: str) -> int:
    with space_tx(scope_of("acme_plane")):
        return Memory.objects.filter(tier=tier).count()


def imported() -> UUID:
    """The id of an import into a space whose worker is still to come."""
    space_of_vectors("acme_plane", 2)
    return start_import(scope_of("acme_plane"), long_file(3_000)).id


def test_a_worker_that_is_told_to_end_finishes_its_task_and_leaves_the_others_in_the_queue(
    world: World, worker: Worker
) -> None:
    job = imported()
    scope = scope_of("acme_plane")
    worker.send("memory.tasks.import_memories", str(scope.space_id), str(job))
    worker.wait_until(lambda: 0 < read_import(scope, job).memories < 3_000)
    assert worker.end() == 0
    done = read_import(scope, job)
    assert (done.status, done.memories) == (Import.Status.DONE, 3_000)
    limit_space("acme_plane", hot_capacity_per_space=1_000)
    worker.send("memory.tasks.rebalance_space", str(scope.space_id))
    worker.start()
    worker.wait_until(lambda: count("warm") == 2_200)
    assert_whole("acme_plane", 3_000)


def test_a_worker_that_is_told_to_end_gives_back_what_it_waits_to_try_again(world: World, worker: Worker) -> None:
    scope = scope_of("acme_s1")
    with space_tx(scope):
        # A worker that starts and ends on a busy machine may take longer than a transaction may be idle.
        with connection.cursor() as cursor:
            cursor.execute("set local idle_in_transaction_session_timeout = 0")
        assert queries.lock_task(scope, "work")
        worker.send("memory.tasks.tidy_space", str(scope.space_id))
        worker.wait_until(lambda: worker.count(r"tidy_space\[\S+\] retry") >= 1)
        assert worker.end() == 0
    worker.start()
    worker.wait_until(lambda: worker.count(r"tidy_space\[\S+\] succeeded") == 1)
