"""Many texts at once: embedded behind everyone's single cues, by threads or by a process of their own."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from memory.embedders import behind
from memory.embedders.local import LocalEmbedder

TEXTS = [f"note {number} " + "word " * (number % 40) for number in range(60)]
# Embeds something in bulk, tells the process that did, and waits to be killed.
PARENT = """
import multiprocessing, time
from memory.embedders.behind import give_way_in_a_process
from memory.embedders.local import LocalEmbedder

if __name__ == "__main__":
    give_way_in_a_process()
    LocalEmbedder().embed(["word " * 200] * 2)
    print(multiprocessing.active_children()[0].pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def alone() -> NDArray[np.float32]:
    return np.concatenate([LocalEmbedder().embed([text]) for text in TEXTS])


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bulk work is given to a process, as in the web server."""
    monkeypatch.setattr(behind, "_processes", True)
    # On a busy machine the process may take longer to begin than requests wait for it.
    monkeypatch.setattr(behind, "PATIENCE", 60.0)
    behind._background.cache_clear()
    yield
    behind._background(os.getpid()).shutdown()
    behind._background.cache_clear()


def test_many_texts_come_back_in_their_order(alone: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(LocalEmbedder().embed(TEXTS), alone, atol=1e-6)


@pytest.mark.usefixtures("process")
def test_they_come_back_in_their_order_from_a_process(alone: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(LocalEmbedder().embed(TEXTS), alone, atol=1e-6)
    (child,) = multiprocessing.active_children()
    assert os.sched_getscheduler(int(child.pid or 0)) == os.SCHED_IDLE


def test_what_was_kept_waiting_is_finished_by_whoever_waits(
    alone: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "PATIENCE", 0.0)
    np.testing.assert_allclose(LocalEmbedder().embed(TEXTS), alone, atol=1e-6)


@pytest.mark.usefixtures("process")
def test_a_killed_process_costs_no_text_and_is_replaced(alone: NDArray[np.float32]) -> None:
    LocalEmbedder().embed(TEXTS)
    (killed,) = multiprocessing.active_children()
    killed.kill()
    killed.join()
    for _ in range(3):
        np.testing.assert_allclose(LocalEmbedder().embed(TEXTS), alone, atol=1e-6)
    (another,) = multiprocessing.active_children()
    assert another.pid != killed.pid


def test_the_process_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(child)


def runs(process: int) -> bool:
    """Whether the process is there and has not ended; one that nobody has waited for yet has no command any more."""
    command = Path(f"/proc/{process}/cmdline")
    return command.exists() and command.read_bytes() != b""
