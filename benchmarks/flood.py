"""A flood: many connections that together ask many times a limit, from a process of its own, as other clients are."""

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle
from multiprocessing.connection import Connection


@dataclass(slots=True)
class Answers:
    """Statuses, and for each the milliseconds that its answers took."""

    by_status: dict[int, list[float]] = field(default_factory=dict)
    cost: int = 0

    def add(self, status: int, milliseconds: float, cost: int = 0) -> None:
        self.by_status.setdefault(status, []).append(milliseconds)
        self.cost += cost

    def add_all(self, others: "Answers") -> None:
        for status, taken in others.by_status.items():
            self.by_status.setdefault(status, []).extend(taken)
        self.cost += others.cost

    def counts(self) -> Counter[int]:
        return Counter({status: len(taken) for status, taken in self.by_status.items()})


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and how many operations it counts as."""

    path: str
    body: bytes
    cost: int = 1


class Caller:
    """One connection with one token that takes refusals as answers."""

    def __init__(self, address: str, port: int, token: str) -> None:
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._connection = HTTPConnection(address, port, timeout=60)

    def call(self, call: Call) -> tuple[int, float]:
        started = time.perf_counter()
        self._connection.request("POST", f"/api/v1/{call.path}", call.body, self._headers)
        response = self._connection.getresponse()
        response.read()
        return response.status, (time.perf_counter() - started) * 1000


@contextmanager
def flood(callers: Sequence[Caller], calls: Sequence[Call], rate: float, answers: Answers) -> Iterator[None]:
    """Call ``rate`` times a second, over all callers together, as long as the block lasts; ``answers`` gets what came."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(theirs, callers, calls, len(callers) / rate), daemon=True)
    process.start()
    ours.recv()
    try:
        yield
    finally:
        ours.send(None)
        answers.add_all(ours.recv())
        process.join()


def _run(line: Connection, callers: Sequence[Caller], calls: Sequence[Call], pause: float) -> None:
    answers, over = [Answers() for _ in callers], threading.Event()
    threads = [
        threading.Thread(target=_call, args=(caller, cycle([*calls[turn:], *calls[:turn]]), pause, each, over))
        for turn, (caller, each) in enumerate(zip(callers, answers, strict=True))
    ]
    line.send(None)
    for thread in threads:
        thread.start()
    line.recv()
    over.set()
    total = Answers()
    for thread, each in zip(threads, answers, strict=True):
        thread.join()
        total.add_all(each)
    line.send(total)


def _call(caller: Caller, calls: Iterator[Call], pause: float, answers: Answers, over: threading.Event) -> None:
    due = time.perf_counter()
    while not over.is_set():
        time.sleep(max(0.0, due - time.perf_counter()))
        due = max(due + pause, time.perf_counter() - 1)
        call = next(calls)
        status, taken = caller.call(call)
        answers.add(status, taken, call.cost if status < 300 else 0)
