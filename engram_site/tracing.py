"""Following tasks: the request that sent one is named in the worker's logs, and Prometheus is told how each went."""

import time
from typing import Any

from celery import Task, signals
from prometheus_client import Counter, Gauge, Histogram

from tenants.callers import current_request

REQUEST_ID = "engram_request_id"
SENT_AT = "engram_sent_at"

TASKS = Counter("engram_tasks", "Tasks that workers ended, by name and state.", ["task", "state"])
TASK_LATENCY = Histogram(
    "engram_task_latency_seconds",
    "How long tasks took.",
    ["task"],
    buckets=(0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0),
)
LAST_SUCCESS = Gauge(
    "engram_task_last_success_timestamp_seconds", "When a task last succeeded.", ["task"], multiprocess_mode="max"
)


def connect() -> None:
    signals.before_task_publish.connect(_label, weak=False)
    signals.task_prerun.connect(_begin, weak=False)
    signals.task_postrun.connect(_end, weak=False)


def _label(headers: dict[str, Any], **_: Any) -> None:
    headers[SENT_AT] = time.time()
    headers.setdefault(REQUEST_ID, current_request.get())


def _begin(task_id: str, task: Task, **_: Any) -> None:
    task.request.engram_started = time.perf_counter()  # type: ignore[attr-defined]
    current_request.set(getattr(task.request, REQUEST_ID, None) or task_id)


def _end(task: Task, state: str | None = None, **_: Any) -> None:
    started: float = task.request.engram_started  # type: ignore[attr-defined]
    TASK_LATENCY.labels(task.name).observe(time.perf_counter() - started)
    TASKS.labels(task.name, state or "UNKNOWN").inc()
    if state == "SUCCESS":
        LAST_SUCCESS.labels(task.name).set(time.time())
    current_request.set("")
