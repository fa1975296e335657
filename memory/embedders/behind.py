"""Bulk work behind everyone's single cues: it runs while no other wants the processor, and yet ends."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from functools import cache
from multiprocessing import connection, get_context, parent_process
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

# Seconds that bulk work may be kept waiting by what is more urgent.
PATIENCE = 5.0


def behind(work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> list[Result]:
    """Do the work on each piece, in the background; what is left of it after ``PATIENCE`` is done by whoever asked for it."""
    try:
        futures = [_background(os.getpid()).submit(work, piece) for piece in pieces]
    except BrokenExecutor:
        # Its process was killed. The next batch gets another.
        _background.cache_clear()
        return [work(piece) for piece in pieces]
    wait(futures, PATIENCE)
    # From the end, because the background goes on from the beginning.
    late_first = [
        _result(future, work, piece) for future, piece in zip(reversed(futures), reversed(pieces), strict=True)
    ]
    return late_first[::-1]


def _result(future: Future[Result], work: Callable[[Piece], Result], piece: Piece) -> Result:
    if future.done() and future.exception() is None:
        return future.result()
    future.cancel()
    return work(piece)


_processes = False


def give_way_in_a_process() -> None:
    """Let a process of its own do what this one has in bulk, from now on.

    A thread that gives way may have to stand aside while it holds the interpreter's lock, and all others here would wait for it.
    """
    global _processes
    _processes = True
    _background(os.getpid()).submit(os.getpid)


@cache
def _background(process: int) -> Executor:
    """The executor of this process; a forked one has a different number, and its parent's threads are not there."""
    if _processes:
        return ProcessPoolExecutor(1, get_context("spawn"), _begin_process)
    return ThreadPoolExecutor(1, initializer=_give_way)


def _begin_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent := parent_process():
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _give_way()


def _end_with(parent: int) -> None:
    """A parent that was killed closed nothing; its child would wait for work forever."""
    connection.wait([parent])
    os._exit(1)


def _give_way() -> None:
    """Let this thread, and those that it starts, run only while no other wants to, where threads have a policy of their own."""
    if sys.platform == "linux":
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
