"""Clients of the HTTP API: keep-alive connections, one or several at once."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

from engram_site.runner.site import Site

# The server ends a connection that has been idle for two seconds; this is well before it does.
IDLE_SECONDS = 1.0


class HttpError(Exception):
    """The server answered with an error."""


class Client:
    """One keep-alive connection with a token. Not to be shared between threads."""

    def __init__(self, site: Site, token: str) -> None:
        self._connection = HTTPConnection(site.address, site.port, timeout=120)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._last = time.monotonic()

    def use(self, token: str) -> None:
        """Ask with this token from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: Any) -> Any:
        """Send a value as JSON and return the answer's; raises ``HttpError``."""
        return json.loads(self.post_raw(path, json.dumps(body).encode()))

    def post_raw(self, path: str, body: bytes) -> bytes:
        """Send JSON that is written already and return the answer unread; raises ``HttpError``."""
        if time.monotonic() - self._last > IDLE_SECONDS:
            self._connection.close()
        self._connection.request("POST", f"/api/v1/{path}", body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._last = time.monotonic()
        if response.status >= 300:
            raise HttpError(f"{path} answered {response.status}: {answer[:500].decode(errors='replace')}")
        return answer

    def close(self) -> None:
        self._connection.close()


def share_out(clients: Sequence[Client], path: str, bodies: Sequence[bytes]) -> float:
    """Send all bodies to one path, each client taking the next one when it is free; return the seconds that it took."""
    left = iter(bodies)

    def work(client: Client) -> None:
        for body in left:
            client.post_raw(path, body)

    started = time.perf_counter()
    _each(clients, work)
    return time.perf_counter() - started


def keep_asking(clients: Sequence[Client], path: str, bodies: Sequence[bytes], seconds: float) -> list[float]:
    """Every client asks without a pause until the time is up; return the milliseconds of each answer."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    def work(client: Client) -> None:
        turn = clients.index(client)
        while (started := time.perf_counter()) < until:
            client.post_raw(path, bodies[turn % len(bodies)])
            taken.append((time.perf_counter() - started) * 1000)
            turn += len(clients)

    _each(clients, work)
    return taken


def _each(clients: Sequence[Client], work: Callable[[Client], None]) -> None:
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(work, clients))
