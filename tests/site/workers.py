"""A real Celery worker with a broker of its own, which can be killed and started again at any moment."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kombu import Connection

from engram_site.celery import app
from engram_site.runner.valkey import EmbeddedValkey
from tests.servers import ROOT

# Seconds.
REPLANNED_AFTER = 3.0
PATIENCE = 120.0


class Worker:
    """What is sent to its broker it works on, with two processes at once; ``log`` is what it says.

    While something is waited for it is started again should it end, as whoever runs one does: Celery 5.7 does not always
    survive that its broker comes back.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.valkey = EmbeddedValkey(folder / "valkey", durable=False)
        self.valkey.start()
        self._log = folder / "worker.log"
        self._environment: Mapping[str, str] = environment
        self._process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        command = f"{sys.executable} -m celery -q -A engram_site worker -Q celery,owner --pool prefork --concurrency 2".split()
        own = {"REDIS_URL": self.valkey.url, "ENGRAM_LOG_LEVEL": "INFO", "ENGRAM_LOG_FORMAT": "text"}
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **own, **self._environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self) -> int:
        """Ask it to end; its exit code. What waits in its queue stays there."""
        self._process.terminate()
        return self._process.wait(timeout=PATIENCE)

    def stop(self) -> int:
        status = self.end()
        self.valkey.stop()
        return status

    def kill(self) -> None:
        """All of its processes at once, as a machine that loses power would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_children(self) -> None:
        """The processes that work; the one that hands out work goes on, as after the kernel ran out of memory."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        for pid, parent in (line.split() for line in listed.splitlines()):
            if int(parent) == self._process.pid:
                os.kill(int(pid), signal.SIGKILL)

    def send(self, task: str, *arguments: str) -> str:
        """The id of the task that it is now asked to do."""
        with Connection(self.valkey.url) as connection:
            return str(app.send_task(task, arguments, connection=connection).id)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, f"Nothing came of it. The worker said:\n{self.log}"
            if self._process.poll() is not None:
                self.start()
            time.sleep(0.01)

    def plan_until(self, ready: Callable[[], bool], *tasks: tuple[str, ...]) -> None:
        """Send tasks again and again, as the planner does, until what they are for is done."""
        sent = 0.0

        def planned() -> bool:
            nonlocal sent
            if time.monotonic() > sent + REPLANNED_AFTER:
                sent = time.monotonic()
                for task in tasks:
                    self.send(*task)
            return ready()

        self.wait_until(planned)

    def count(self, pattern: str) -> int:
        """How many times the log says what the pattern matches."""
        return len(re.findall(pattern, self.log))

    @property
    def log(self) -> str:
        return self._log.read_text()
