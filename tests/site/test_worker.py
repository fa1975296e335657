"""The worker: a real Celery process with a Valkey of its own, working on the test's database."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from engram_site.celery import app
from memory.models import Lexeme
from memory.records import NewMemory
from memory.services.lexicon import SMALLEST
from memory.services.remember import remember_batch
from tenants.callers import current_request
from tenants.models import Space, Tenant
from tenants.scope import space_tx, tenant_tx
from tests.memory.space_api import space_of_vectors
from tests.site.workers import Worker
from tests.world import World, scope_of


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("worker"))
    yield worker
    assert worker.stop() == 0


def lexicon_size(space: str) -> int:
    with space_tx(scope_of(space)):
        return Lexeme.objects.count()


def test_the_planner_gives_every_active_space_its_task_and_the_lexicon_is_there(worker: Worker, world: World) -> None:
    space_of_vectors("acme_plane", 1)
    remember_batch(scope_of("acme_plane"), [NewMemory(f"word{n}", embedding=[1.0]) for n in range(SMALLEST)])
    Space.objects.filter(name="acme_s10").update(status=Space.Status.ARCHIVED)
    Tenant.objects.filter(slug="globex").update(status=Tenant.Status.SUSPENDED)

    planned = worker.send("memory.tasks.refresh_lexicons")
    worker.wait_until(lambda: lexicon_size("acme_plane") == SMALLEST + 1)
    # acme's own three that are active: acme_s1, acme_shared and acme_plane.
    worker.wait_until(lambda: worker.count(rf"refresh_lexicons\[{planned}\] succeeded in \S+ 3") == 1)
    worker.wait_until(lambda: worker.count(rf"refresh_lexicon\[\S+\] succeeded .* {planned}") == 3)
    assert lexicon_size("acme_s1") == 0


def test_a_task_for_a_space_that_is_not_there_fails_loudly(worker: Worker, world: World) -> None:
    nowhere = uuid4()
    failed = worker.send("memory.tasks.refresh_lexicon", str(nowhere))
    worker.wait_until(lambda: f"SpaceGone('There is no space {nowhere} to work on.')" in worker.log)
    assert f"Task memory.tasks.refresh_lexicon[{failed}] raised unexpected" in worker.log


def test_a_worker_names_the_request_that_sent_it_to_work(worker: Worker, world: World) -> None:
    space_of_vectors("acme_traced", 1)
    remember_batch(scope_of("acme_traced"), [NewMemory(f"word{n}", embedding=[1.0]) for n in range(SMALLEST)])
    token = current_request.set("the-request-that-asked")
    worker.send("memory.tasks.refresh_lexicons")
    current_request.reset(token)
    worker.wait_until(lambda: lexicon_size("acme_traced") == SMALLEST + 1)
    # What the planner sends on is the request's, too.
    worker.wait_until(lambda: worker.count(r"refresh_lexicon\[\S+\] succeeded .* the-request-that-asked") >= 1)
    with tenant_tx(Tenant.objects.get(slug="acme").id):
        assert AuditEvent.objects.get(action="refresh_lexicon").request_id == "the-request-that-asked"


def test_what_the_beat_names_is_a_task_that_there_is() -> None:
    app.loader.import_default_modules()
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert named <= set(app.tasks)
    assert {"memory.tasks.refresh_lexicons", "audit.tasks.make_partitions"} <= named
