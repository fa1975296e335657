"""What is known of workers' tasks: their last runs, what failed for good, what waits."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import Celery, current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from engram_site.runner.valkey import EmbeddedValkey
from memory.tasks import rebalance_space
from tenants.callers import Actor, Caller, Origin, operator
from tenants.errors import NotFound, NotNow, Refused, Unavailable
from tenants.models import DeadLetter, Space, TaskRun
from tenants.scope import SpaceGone
from tenants.services.work import keep_dead_letter, note_run, report_work, send_again
from tenants.work import Work
from tests.world import World

ROOT = operator("tests")
TASK = "tenants.tasks.drop_expired_refresh_tokens"


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path_factory.mktemp("queue") / "valkey", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def queue(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """Empty queues that no worker is at."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    app = Celery("queue", broker=valkey.url, set_as_current=False)
    monkeypatch.setattr("tenants.services.work.current_app", app)
    return app


def run(**options: Any) -> str:
    out = StringIO()
    call_command("workers", stdout=out, **options)
    return out.getvalue()


def letter() -> DeadLetter:
    keep_dead_letter(TASK, [], OperationalError("row (1, 'a secret')"), attempts=7)
    return DeadLetter.objects.latest("failed_at")


def test_a_tasks_runs_are_counted_and_the_last_is_kept(database: None) -> None:
    note_run(TASK, 1.0, failed=False)
    note_run(TASK, 2.0, failed=True)
    note_run(TASK, 3.0, failed=False)
    run = TaskRun.objects.get(task=TASK)
    assert (run.seconds, run.failed, run.runs, run.failures) == (3.0, False, 3, 1)


def test_a_failure_is_kept_without_the_words_of_others(database: None) -> None:
    assert letter().error == "OperationalError"
    keep_dead_letter(TASK, [], SpaceGone("There is no space x to work on."), attempts=1)
    assert DeadLetter.objects.latest("failed_at").error == "SpaceGone: There is no space x to work on."


def work_on(space_id: object, monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[int]:
    """Have the task done here, by a service that fails; a number for each attempt."""
    attempts: list[int] = []

    def fail(_: object) -> None:
        attempts.append(len(attempts) + 1)
        raise error

    monkeypatch.setattr("memory.tasks.rebalance", fail)
    rebalance_space.apply((str(space_id),))
    return attempts


def test_what_fails_leaves_a_letter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    space_id = Space.objects.get(name="acme_s1").id
    assert work_on(space_id, monkeypatch, ValueError("no")) == [1]
    left = DeadLetter.objects.get()
    assert (left.task, left.arguments, left.error) == (rebalance_space.name, [str(space_id)], "ValueError")
    assert TaskRun.objects.get().failures == 1


def test_what_the_database_interrupted_is_tried_again_before_it_leaves_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    space_id = Space.objects.get(name="acme_s1").id
    assert work_on(space_id, monkeypatch, OperationalError()) == [1, 2, 3, 4, 5, 6, 7]
    assert DeadLetter.objects.get().attempts == 7


def test_a_space_that_others_had_in_their_hands_or_that_is_gone_leaves_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_on(Space.objects.get(name="acme_s1").id, monkeypatch, NotNow("Another worker is at it."))
    assert work_on(uuid4(), monkeypatch, ValueError()) == []
    assert not DeadLetter.objects.exists()


def test_every_task_is_tried_again_with_jitter_and_acknowledged_late() -> None:
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) >= 10
    assert {isinstance(task, Work) for task in ours} == {True}
    assert {task.acks_late for task in ours} == {True}
    assert (Work.retry_backoff, Work.retry_jitter, Work.max_retries) == (True, True, 6)


def test_the_report_tells_the_queue_by_task_and_how_long_the_oldest_waited(queue: Celery, database: None) -> None:
    for task in (TASK, "memory.tasks.rebalance_space", TASK):
        keep_dead_letter(task, [], ValueError(), attempts=1)
        send_again(ROOT, [DeadLetter.objects.latest("failed_at").id])
    report = report_work(ROOT)
    celery, owner = report.queues
    assert (celery.name, celery.waiting) == ("celery", {TASK: 2, "memory.tasks.rebalance_space": 1})
    assert celery.lag is not None
    assert 0 <= celery.lag < 10
    assert (owner.name, owner.waiting, owner.lag) == ("owner", {}, None)
    assert report.workers == []


def test_the_report_tells_of_each_queue_that_tasks_are_sent_to(queue: Celery, database: None) -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert {each.name for each in report_work(ROOT).queues} == {current_app.conf.task_default_queue} | routed
    queue.send_task("memory.tasks.reconcile_indexes", queue="owner")
    assert [each.waiting for each in report_work(ROOT).queues] == [{}, {"memory.tasks.reconcile_indexes": 1}]
    assert re.search(r"queue owner +1 waiting", run())


def test_a_failed_task_is_sent_again_once(queue: Celery, database: None) -> None:
    failed = letter()
    assert send_again(ROOT, [failed.id]) == 1
    assert report_work(ROOT).queues[0].waiting == {TASK: 1}
    assert report_work(ROOT).failed == 0


def test_a_failed_task_that_there_is_not_is_not_sent(queue: Celery, database: None) -> None:
    with pytest.raises(NotFound):
        send_again(ROOT, [uuid4()])


def test_only_operators_see_and_send(world: World) -> None:
    stranger = Caller(uuid4(), Actor("key", "1", "key"), {}, Origin())
    with pytest.raises(Refused):
        report_work(stranger)
    with pytest.raises(Refused):
        send_again(stranger, [])


def test_without_the_queue_it_says_so(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    nowhere.conf.task_publish_retry = False
    monkeypatch.setattr("tenants.services.work.current_app", nowhere)
    with pytest.raises(Unavailable):
        report_work(ROOT)
    with pytest.raises(Unavailable):
        send_again(ROOT, [letter().id])
    assert DeadLetter.objects.get().sent_again_at is None


def test_the_command_shows_it_to_a_person_and_to_a_script(queue: Celery, database: None) -> None:
    note_run(TASK, 1.5, failed=False)
    failed = letter()
    shown = run()
    assert f"{TASK} " in shown
    assert str(failed.id) in shown
    told = json.loads(run(json=True))
    assert told["runs"][0]["seconds"] == 1.5
    assert told["failures"][0]["error"] == "OperationalError"
    assert json.loads(run(json=True, again=[failed.id]))["failed"] == 0
    with pytest.raises(CommandError, match="There is no failed task"):
        run(again=[uuid4()])


def test_operators_see_failures_in_the_admin_and_send_them_again(queue: Celery, database: None) -> None:
    get_user_model().objects.create_superuser("root")
    client = Client()
    client.force_login(get_user_model().objects.get(username="root"))
    failed = letter()
    note_run(TASK, 1.5, failed=True)
    assert TASK in client.get("/admin/tenants/taskrun/").content.decode()
    assert "OperationalError" in client.get("/admin/tenants/deadletter/").content.decode()
    assert client.get(f"/admin/tenants/deadletter/{failed.id}/change/").status_code == 200
    chosen = {"action": "send_again", "_selected_action": [str(failed.id)]}
    assert "Send these tasks again?" in client.post("/admin/tenants/deadletter/", chosen).content.decode()
    assert report_work(ROOT).queues[0].waiting == {}
    client.post("/admin/tenants/deadletter/", chosen | {"confirmed": "yes"})
    assert report_work(ROOT).queues[0].waiting == {TASK: 1}
