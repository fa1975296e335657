"""Working on several things at once, each on a database connection of its own, with those connections that no thread needs."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.db import connection

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results of the work, in the order of the items, which this thread works through with those helpers that are free.

    A helper that has not begun when the last item is taken is not waited for. What goes wrong with an item is raised, and those
    that nobody has begun are left.
    """
    left = deque(enumerate(items))
    results: dict[int, Result] = {}

    def work_on() -> None:
        try:
            while (taken := _next(left)) is not None:
                number, item = taken
                results[number] = work(item)
        finally:
            left.clear()

    def help_out() -> None:
        try:
            work_on()
        finally:
            connection.close()

    helpers = min(settings.HELPERS, len(items) - 1)
    helping = [_helpers(os.getpid()).submit(copy_context().run, help_out) for _ in range(helpers)]
    try:
        work_on()
    finally:
        begun = [helper for helper in helping if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()
    return [results[number] for number in range(len(items))]


def _next(left: deque[Item]) -> Item | None:
    """The next item, if another thread has not taken the last."""
    try:
        return left.popleft()
    except IndexError:
        return None


@cache
def _helpers(process: int) -> ThreadPoolExecutor:
    """Those of this process; a forked one has a different number, and its parent's threads are not there."""
    return ThreadPoolExecutor(settings.HELPERS, thread_name_prefix="helper")
