"""Workers' tasks: when each ran last, what failed for good, what waits in the queue."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from tenants import queries
from tenants.callers import Caller
from tenants.errors import EngramError, NotFound, Unavailable
from tenants.models import DeadLetter, TaskRun
from tenants.operations import Action, record
from tenants.scope import ScopeError, tenant_tx
from tenants.services.access import require_operator

# The second is the one of the worker that has the owner's address.
QUEUES = ("celery", "owner")
# The header in which ``engram_site.tracing`` notes when a message was sent.
SENT_AT = "engram_sent_at"
# Failures that a report shows.
MOST_SHOWN = 20
# Messages that a report looks into.
MOST_READ = 10_000
# Seconds that workers have to say that they are there.
PATIENCE = 1


@dataclass(frozen=True, slots=True)
class Queue:
    """``waiting`` messages by task; ``lag`` is how long the oldest has waited, in seconds (``None``: nothing waits)."""

    name: str
    waiting: Mapping[str, int]
    lag: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of a task, and how many there were since the installation was made."""

    task: str
    finished_at: datetime
    seconds: float
    failed: bool
    runs: int
    failures: int


@dataclass(frozen=True, slots=True)
class Failure:
    id: UUID
    task: str
    arguments: Sequence[Any]
    error: str
    attempts: int
    failed_at: datetime
    sent_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class SpaceFailure:
    """A task about a space that failed for good ``times`` times, and has not been sent again."""

    task: str
    space: str
    title: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class WorkReport:
    """``workers`` are those that answered; ``failures`` the newest of ``failed``, which were not sent again."""

    workers: Sequence[str]
    queues: Sequence[Queue]
    runs: Sequence[Run]
    failed: int
    failures: Sequence[Failure]


def note_run(task: str, seconds: float, *, failed: bool) -> None:
    queries.note_run(task, seconds, failed=failed)


def keep_dead_letter(task: str, arguments: list[Any], error: Exception, *, attempts: int) -> None:
    """Keep what failed for good. Errors may quote rows, so only our own are kept in words."""
    ours = isinstance(error, EngramError | ScopeError)
    words = f"{type(error).__name__}: {error}" if ours else type(error).__name__
    DeadLetter.objects.create(task=task, arguments=arguments, error=words[:500], attempts=attempts)


def failures_of(tenant_id: UUID, since: datetime, limit: int) -> list[SpaceFailure]:
    """What fails of the work on a tenant's spaces, the last to fail first. Not why: that may be no tenant's business."""
    return [SpaceFailure(*row) for row in queries.failing_tasks(tenant_id, since, limit)]


def report_work(caller: Caller) -> WorkReport:
    """How the workers are doing, for an operator. Raises ``Refused``, and ``Unavailable`` while the queue does not answer."""
    require_operator(caller)
    try:
        queues, workers = _queues(), _workers()
    except BrokerAway as error:
        raise Unavailable("The queue does not answer; is Redis there?") from error
    with tenant_tx(caller.tenant_id, durable=False):
        failures = DeadLetter.objects.filter(sent_again_at=None)
        report = WorkReport(
            workers=workers,
            queues=queues,
            runs=[_run(run) for run in TaskRun.objects.order_by("task")],
            failed=failures.count(),
            failures=[_failure(letter) for letter in failures.order_by("-failed_at")[:MOST_SHOWN]],
        )
        record(caller, Action.VIEW_WORK)
    return report


def waiting_tasks() -> int | None:
    """How many messages wait for a worker; ``None`` while the queue does not answer."""
    try:
        with _broker() as client:
            return sum(int(client.llen(name)) for name in QUEUES)
    except BrokerAway:
        return None


def failed_tasks() -> int:
    """How many tasks failed for good and were not sent again."""
    return DeadLetter.objects.filter(sent_again_at=None).count()


def send_again(caller: Caller, ids: Sequence[UUID]) -> int:
    """Send failed tasks again; how many. Raises ``Refused``, ``NotFound`` for an id that names none, ``Unavailable``."""
    require_operator(caller)
    with tenant_tx(caller.tenant_id):
        letters = list(DeadLetter.objects.select_for_update().filter(id__in=ids))
        missing = set(ids) - {letter.id for letter in letters}
        if missing:
            raise NotFound(f"There is no failed task {min(missing)}.")
        try:
            for letter in letters:
                current_app.send_task(letter.task, letter.arguments)
        except BrokerAway as error:
            raise Unavailable("The queue does not answer; is Redis there?") from error
        DeadLetter.objects.filter(id__in=ids).update(sent_again_at=timezone.now())
        record(caller, Action.SEND_AGAIN, target=", ".join(sorted({letter.task for letter in letters})))
    return len(letters)


@contextmanager
def _broker() -> Iterator[Any]:
    """The client of the queue's Redis; raises ``BrokerAway``."""
    with current_app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=PATIENCE)
        yield connection.default_channel.client  # type: ignore[attr-defined]


def _queues() -> list[Queue]:
    with _broker() as client:
        # Redis holds a queue as a list, the oldest message at its end.
        return [_queue(name, client.lrange(name, -MOST_READ, -1)) for name in QUEUES]


def _queue(name: str, messages: Sequence[bytes]) -> Queue:
    headers = [json.loads(message)["headers"] for message in messages]
    sent = headers[-1].get(SENT_AT) if headers else None
    waiting = dict(Counter(header["task"] for header in headers))
    return Queue(name, waiting, None if sent is None else max(0.0, time.time() - sent))


def _workers() -> list[str]:
    return sorted(name for answer in current_app.control.ping(timeout=PATIENCE) or () for name in answer)


def _run(run: TaskRun) -> Run:
    return Run(run.task, run.finished_at, run.seconds, run.failed, run.runs, run.failures)


def _failure(letter: DeadLetter) -> Failure:
    return Failure(
        id=letter.id,
        task=letter.task,
        arguments=letter.arguments,
        error=letter.error,
        attempts=letter.attempts,
        failed_at=letter.failed_at,
        sent_again_at=letter.sent_again_at,
    )
