"""A peer's side of the conversation with the benchmark: a line of JSON asks, a line of JSON answers."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.adapters.arms import Arm, Threads
from benchmarks.adapters.given import Given


@dataclass(frozen=True, slots=True)
class Start:
    """What an adapter is given: vectors for every text, a folder for its files, a database and a server's port if it has them."""

    given: Given
    folder: Path
    clients: int
    database: str
    port: int | None


def serve(packages: Sequence[str], make: Callable[[Start], Arm]) -> None:
    """Answer until there is nothing more to read. An error ends the process, and its last line says why."""
    # What a peer prints must not stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(value: Any) -> None:
        print(json.dumps(value), file=answers, flush=True)

    start = json.loads(sys.stdin.readline())
    folder = Path(start.pop("folder"))
    begun = Start(Given.load(Path(start.pop("given"))), folder, **start)
    clients = Threads(make(begun), begun.clients)
    answer([f"{package} {version(package)}" for package in packages])
    for line in sys.stdin:
        match json.loads(line):
            case {"open": tenants}:
                clients.open(tenants)
                answer(None)
            case {"store": batches}:
                answer(clients.store(batches))
            case {"recall": cues, "count": count}:
                answer([asdict(found) for found in clients.recall(cues, count)])
    clients.close()
