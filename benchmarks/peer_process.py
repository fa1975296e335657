"""Peers: their packages in environments of their own, and a process of theirs that answers the benchmark."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.adapters.arms import Answer, Asked, Batch
from benchmarks.installation import Installation
from engram_site.runner.console import step
from engram_site.runner.errors import StartError
from engram_site.runner.ports import is_free, remembered_port
from engram_site.runner.processes import Program, end_with_parent
from engram_site.runner.site import ROOT

ENVIRONMENTS = ROOT / ".engram" / "peers"
ADAPTERS = "benchmarks.adapters"
LISTS = Path(__file__).parent / "adapters"
# Peers neither report home nor write into somebody's home.
SILENT = {"MEM0_TELEMETRY": "False", "ANONYMIZED_TELEMETRY": "False", "LANGSMITH_TRACING": "false"}
PATIENCE_SECONDS = 900
SERVER_SECONDS = 60


class PeerError(Exception):
    """A peer could not be installed, did not start, or ended. In one line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """``adapter`` names a module of ``benchmarks.adapters`` and the list of packages beside it. ``database``: it keeps its
    memories in our PostgreSQL, in a database of its own. ``served``: its own server answers over HTTP."""

    name: str
    adapter: str
    database: bool = False
    served: bool = False


PEERS = (
    Peer("mem0", "mem0", database=True),
    Peer("LangGraph", "langgraph", database=True),
    Peer("Chroma in process", "chroma"),
    Peer("Chroma over HTTP", "chroma", served=True),
)


def install(adapter: str) -> Path:
    """Bring an adapter's environment to what its list says, and return its Python; raise ``PeerError`` if that fails."""
    folder = ENVIRONMENTS / adapter
    wanted, installed = LISTS / f"{adapter}.txt", folder / "requirements.txt"
    python = folder / "bin" / "python"
    # A copy of the list, left beside the packages once they are in, tells whether they are still right.
    if installed.exists() and installed.read_bytes() == wanted.read_bytes():
        return python
    ENVIRONMENTS.mkdir(mode=0o700, parents=True, exist_ok=True)
    with step(f"Packages of {adapter}"):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", str(wanted)])
    shutil.copy(wanted, installed)
    return python


class PeerProcess:
    """Clients of a peer in its own process: ``benchmarks.adapters.arms.Clients``. Raises ``PeerError`` when that has ended.

    ``start`` goes to the module ``adapter`` (``benchmarks.adapters.lines.Start``), what it says by itself goes to ``log``.
    """

    def __init__(self, python: Path | str, adapter: str, start: dict[str, Any], log: Path) -> None:
        self._database: str = start["database"]
        self._log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [python, "-m", adapter],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                cwd=ROOT,
                env={**os.environ, **SILENT, "MEM0_DIR": start["folder"]},
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
        self.versions: list[str] = self._ask(start)

    def open(self, tenants: Sequence[str]) -> None:
        self._ask({"open": tenants})

    def store(self, batches: Sequence[Batch]) -> float:
        return float(self._ask({"store": batches}))

    def recall(self, cues: Sequence[Asked], count: int) -> list[Answer]:
        return [Answer(**answer) for answer in self._ask({"recall": cues, "count": count})]

    def settle(self) -> None:
        if self._database:
            vacuum(self._database)

    def close(self) -> None:
        """Let the process end, which it does when there is nothing more to read. Safe to repeat."""
        self._process.communicate()

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        impatience = Timer(PATIENCE_SECONDS, self._process.kill)
        impatience.start()
        try:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            impatience.cancel()
        if not answer:
            self.close()
            code = self._process.returncode
            raise PeerError(_last_line(self._log.read_text()) or f"It ended with the exit code {code}.")
        return json.loads(answer)


@contextmanager
def running(peer: Peer, installation: Installation, given: Path, clients: int) -> Iterator[PeerProcess]:
    """A peer, installed and started. ``given`` is the folder of what all arms are given. Raises ``PeerError``."""
    python = install(peer.adapter)
    folder = given / peer.name.replace(" ", "-").lower()
    folder.mkdir()
    database = _new_database(installation.admin_url, f"{given.name}-{peer.adapter}") if peer.database else ""
    with ExitStack() as until_the_end:
        port = until_the_end.enter_context(_chroma_server(python, folder)) if peer.served else None
        start = {"given": str(given), "folder": str(folder), "clients": clients, "database": database, "port": port}
        process = PeerProcess(python, f"{ADAPTERS}.{peer.adapter}", start, folder / "adapter.log")
        until_the_end.callback(process.close)
        yield process


@contextmanager
def _chroma_server(python: Path, folder: Path) -> Iterator[int]:
    """Its port."""
    port = remembered_port(folder / "port")
    address = ["--host", "127.0.0.1", "--port", str(port)]
    command: list[str | Path] = [python.parent / "chroma", "run", "--path", folder / "data", *address]
    server = Program("chroma", folder / "server.log", command, environment={**os.environ, **SILENT}, directory=folder)
    server.start()
    try:
        server.wait_until(lambda: not is_free("127.0.0.1", port), seconds=SERVER_SECONDS)
        yield port
    except StartError as error:
        raise PeerError(str(error)) from error
    finally:
        server.stop()


def vacuum(url: str) -> None:
    """What autovacuum would do in the minutes after a load."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _new_database(admin_url: str, name: str) -> str:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return urlsplit(admin_url)._replace(path=f"/{name}").geturl()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(_last_line(done.stderr) or f"'{' '.join(command)}' failed.")


def _last_line(output: str) -> str:
    return next((line for line in reversed(output.splitlines()) if line.strip()), "")
