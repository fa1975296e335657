"""Tasks that are not done after their turn, and line up again: each once for a space.

Planners send tasks for the same space meanwhile, which run too. Were each of them to line up again as well, a backlog of ten
minutes would have ten of them in the queue, before everybody else's.
"""

from functools import cache

import redis
from celery import Task

from tenants.redis_line import connect

# A worker that dies after it said that a task lines up, and before it sent it, keeps the place free of others for so long.
LOST_AFTER_SECONDS = 300


def line_up_again(task: Task, space_id: str) -> None:
    """Send a task behind what else waits, unless one that was sent so waits for the space. Raises ``redis.RedisError``."""
    if _redis().set(_place(task.name, space_id), 1, nx=True, ex=LOST_AFTER_SECONDS):
        task.apply_async((space_id,), {"again": True})


def step_forward(task: str, space_id: str, *, again: bool) -> None:
    """When a task begins: if it had lined up ``again``, its place is free. Raises ``redis.RedisError``."""
    if again:
        _redis().delete(_place(task, space_id))


@cache
def _redis() -> redis.Redis:
    return connect()


def _place(task: str, space_id: str) -> str:
    return f"engram:again:{task}:{space_id}"
