"""Child processes that never outlive the runner."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from engram_site.runner.errors import StartError
from engram_site.runner.files import open_private

PR_SET_PDEATHSIG = 1


def end_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """What a child calls before its program, to be sent ``stop_signal`` when this process dies.

    A runner ended by SIGKILL can stop nobody itself, so Linux is asked to do it: prctl(2), PR_SET_PDEATHSIG.
    Elsewhere the children of a killed runner go on.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


class Child:
    """A process in a group of its own: a terminal's Ctrl-C reaches only the runner, which ends it in turn.

    Its output goes to ``log``; that of the start before stays beside it as ``.log.1``. ``grace`` is in
    seconds.
    """

    def __init__(
        self, name: str, log: Path, *, stop_signal: signal.Signals = signal.SIGTERM, grace: float = 15
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def start(self, keep_open: Sequence[int] = ()) -> None:
        """Start the process, which inherits the descriptors named; a server answers when this returns."""
        raise NotImplementedError

    def launch(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        directory: Path,
        account: pwd.struct_passwd | None = None,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        run_as: dict[str, Any] = {}
        if account is not None:
            run_as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._started = time.monotonic()
        with open_private(self.log) as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=environment,
                process_group=0,
                pass_fds=keep_open,
                preexec_fn=end_with_parent(self._stop_signal),
                **run_as,
            )

    @property
    def starts_again(self) -> bool:
        """Whether it is started again now that it has ended by itself."""
        return False

    @property
    def exit_code(self) -> int | None:
        """None while the process runs and before it is started."""
        return self._process.poll() if self._process else None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return when ``ready`` says so; raise StartError if the process ends first or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_code is not None:
                raise self.failure("ended while it was starting")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready after {seconds:.0f} seconds")
            time.sleep(0.1)

    def finish(self) -> None:
        """Wait for the process to end by itself; raise StartError if it failed."""
        if self._process and self._process.wait() != 0:
            raise self.failure("failed")

    def failure(self, what: str) -> StartError:
        ended = "" if self.exit_code is None else f" (exit code {self.exit_code})"
        return StartError(f"{self.name} {what}{ended}; its whole log is {self.log}", log=self.log_tail())

    def log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ask the process to end, and end its whole group once its grace is over. Safe to repeat."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(self._grace)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Program(Child):
    """A child that only needs to be run; one that ended after ``lasts`` seconds or more is started again."""

    def __init__(
        self,
        name: str,
        log: Path,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        directory: Path,
        account: pwd.struct_passwd | None = None,
        lasts: float | None = None,
    ) -> None:
        super().__init__(name, log)
        self._lasts = lasts
        self._command = command
        self._environment = environment
        self._directory = directory
        self._account = account

    def start(self, keep_open: Sequence[int] = ()) -> None:
        self.launch(
            self._command,
            environment=self._environment,
            directory=self._directory,
            account=self._account,
            keep_open=keep_open,
        )

    @property
    def starts_again(self) -> bool:
        return self._lasts is not None and time.monotonic() > self._started + self._lasts


class Supervisor:
    """Starts children in order, watches them, and stops them in reverse, however the block is left.

    Inside the block SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt.
    """

    def __init__(self, keep_open: Sequence[int] = ()) -> None:
        self._keep_open = keep_open
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(signal.SIGHUP, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self._children):
            child.stop()

    def start(self, child: Child) -> None:
        self._children.append(child)
        child.start(self._keep_open)

    def run(self, program: Program) -> None:
        """Start a program and wait for it to succeed; raise StartError if it does not."""
        self.start(program)
        program.finish()
        self._children.remove(program)

    def watch(self) -> NoReturn:
        """Block for as long as every child runs; raise StartError naming the one that ended and does not start again."""
        while True:
            for child in self._children:
                if child.exit_code is not None:
                    if not child.starts_again:
                        raise child.failure("ended, so everything else was stopped")
                    print(f"{child.name} ended (exit code {child.exit_code}) and is started again", flush=True)
                    child.start(self._keep_open)
            time.sleep(0.5)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
