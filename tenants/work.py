"""The base of workers' tasks: what happens to one that fails, and what is remembered of one that ran."""

import time
from typing import Any

import redis
from celery import Task
from django.db import InterfaceError, OperationalError

from tenants.errors import NotNow
from tenants.scope import SpaceGone
from tenants.services import work


class Work(Task):
    """A task that is tried again, later each time and never all at once, while the database, Redis or another worker stands in
    its way.

    One that fails for good leaves a dead letter that operators see and can send again. Tasks are idempotent: a worker that dies
    in the middle of one leaves it to the next.
    """

    abstract = True
    autoretry_for = (OperationalError, InterfaceError, redis.RedisError, NotNow)
    max_retries = 6
    retry_backoff = True
    retry_backoff_max = 60
    retry_jitter = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.request.update(began=time.monotonic())
        return super().__call__(*args, **kwargs)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        work.note_run(self.name, self._seconds(), failed=False)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        # Whoever had it in their hands all that time has done the work; a space that is gone needs none.
        if not isinstance(exc, NotNow | SpaceGone):
            work.note_run(self.name, self._seconds(), failed=True)
            work.keep_dead_letter(self.name, list(args), exc, attempts=self.request.retries + 1)

    def _seconds(self) -> float:
        return time.monotonic() - getattr(self.request, "began", time.monotonic())
