"""What is compared: stores that hold texts for tenants and answer cues inside one tenant."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Protocol

# A tenant and texts to be stored for it in one call.
Batch = tuple[str, Sequence[str]]
# A tenant and what it asks.
Asked = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The texts found for a cue, best first, and how long that took in milliseconds."""

    milliseconds: float
    found: Sequence[str]


class Arm:
    """One store, used by several threads at once."""

    def open(self, tenants: Sequence[str]) -> None:
        """Prepare tenants, which no clock sees. Repeating it does no harm."""

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        raise NotImplementedError

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        """At most ``count`` of the tenant's texts, the nearest first."""
        raise NotImplementedError

    def settle(self) -> None:
        """Do what servers and workers do by themselves in the minutes after much was stored."""

    def leave(self) -> None:
        """Close what belongs to the calling thread."""


class Clients(Protocol):
    """Clients of one arm at once, wherever it runs."""

    def open(self, tenants: Sequence[str]) -> None: ...

    def store(self, batches: Sequence[Batch]) -> float:
        """Store all batches, each client taking the next one when it is free; return the seconds that it took."""

    def recall(self, cues: Sequence[Asked], count: int) -> list[Answer]:
        """Answer all cues, each client taking the next one when it is free; the answers are in the cues' order."""

    def settle(self) -> None: ...

    def close(self) -> None: ...


class Threads:
    """Clients in this process, a thread each."""

    def __init__(self, arm: Arm, count: int) -> None:
        self._arm = arm
        self._count = count
        self._pool = ThreadPoolExecutor(count)

    def open(self, tenants: Sequence[str]) -> None:
        self._arm.open(tenants)

    def store(self, batches: Sequence[Batch]) -> float:
        started = time.perf_counter()
        for _ in self._pool.map(lambda batch: self._arm.store(*batch), batches):
            pass
        return time.perf_counter() - started

    def recall(self, cues: Sequence[Asked], count: int) -> list[Answer]:
        return list(self._pool.map(lambda asked: self._answer(asked, count), cues))

    def settle(self) -> None:
        self._arm.settle()

    def close(self) -> None:
        together = Barrier(self._count)

        def leave(_: int) -> None:
            # No thread leaves twice, because none goes on before all have come.
            together.wait()
            self._arm.leave()

        list(self._pool.map(leave, range(self._count)))
        self._pool.shutdown()

    def _answer(self, asked: Asked, count: int) -> Answer:
        tenant, cue = asked
        started = time.perf_counter()
        found = self._arm.recall(tenant, cue, count)
        return Answer((time.perf_counter() - started) * 1000, found)
