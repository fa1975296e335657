"""Clients that send or read slowly, or not at all, against the web server as it ships: the others are answered meanwhile."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from engram_site.runner.site import Site
from memory.records import NewMemory
from memory.services.remember import remember_batch
from tenants.callers import Origin, operator
from tenants.services.exchange import exchange_key
from tenants.services.keys import create_key
from tests.memory.space_api import space_of_vectors
from tests.site.web_server import web_server
from tests.world import READ, World, scope_of

THREADS = 4
PATIENCE = 2.0
SOON = 10.0
OPEN: list[socket.socket] = []


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    with web_server(tmp_path, ENGRAM_WEB_THREADS=str(THREADS), ENGRAM_CLIENT_PATIENCE=str(PATIENCE)) as site:
        yield site
        while OPEN:
            OPEN.pop().close()


def connect(site: Site) -> socket.socket:
    client = socket.socket()
    OPEN.append(client)
    # So little that the server notices soon that nobody reads.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect((site.address, site.port))
    return client


def send(site: Site, lines: list[str], body: str = "") -> socket.socket:
    client = connect(site)
    client.sendall("\r\n".join([*lines, "Host: localhost", "", body]).encode())
    return client


def is_alive(site: Site) -> bool:
    connection = HTTPConnection(site.address, site.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_until(ready: Callable[[], bool]) -> float:
    """Seconds that it took."""
    started = time.monotonic()
    while not ready():
        assert time.monotonic() < started + SOON, "Nothing came of it."
        time.sleep(0.1)
    return time.monotonic() - started


def answer(client: socket.socket) -> str:
    """The answer's first line."""
    return client.recv(4_096).decode().partition("\r\n")[0]


def posting(site: Site) -> socket.socket:
    head = ["POST /login/ HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 100000"]
    return send(site, head, "username=")


def exporting(site: Site, token: str, path: str = "spaces/acme_plane/export/") -> socket.socket:
    return send(site, [f"GET /api/v1/{path} HTTP/1.1", f"Authorization: Bearer {token}"])


@pytest.fixture
def token(world: World) -> str:
    """Of a space that is more than sockets hold back."""
    space_of_vectors("acme_plane", 1)
    memories = [NewMemory(f"{n} {'much to read ' * 2_000}", embedding=[1.0]) for n in range(500)]
    remember_batch(scope_of("acme_plane"), memories)
    key = create_key(operator("tests"), "acme", {"acme_plane": READ}, name="reads")
    return exchange_key(Origin(), key.api_key, None).access


def test_clients_that_connect_and_say_nothing_hold_no_thread(site: Site) -> None:
    silent = [connect(site) for _ in range(3 * THREADS)]
    assert is_alive(site)
    assert len(silent) == 3 * THREADS


def test_clients_that_stop_in_the_middle_of_a_request_are_cut_off(site: Site) -> None:
    stopped = [send(site, ["GET /healthz HTTP/1.1", "X-Half: "]) for _ in range(THREADS // 2)]
    stopped += [posting(site) for _ in range(THREADS)]
    assert not is_alive(site)
    wait_until(lambda: is_alive(site))
    assert len(stopped) == THREADS + THREADS // 2


def test_clients_that_send_a_byte_now_and_then_are_cut_off_too(site: Site) -> None:
    trickling = [posting(site) for _ in range(THREADS)]

    def is_alive_meanwhile() -> bool:
        for client in trickling:
            try:
                client.send(b"x")
            except OSError:
                continue
        return is_alive(site)

    assert wait_until(is_alive_meanwhile) >= PATIENCE / 2


def test_half_of_the_threads_export_and_the_others_answer(site: Site, token: str) -> None:
    reading = [exporting(site, token) for _ in range(THREADS // 2)]
    assert {answer(client) for client in reading} == {"HTTP/1.1 200 OK"}
    refused = [exporting(site, token), exporting(site, token, "audit/export/")]
    assert {answer(client) for client in refused} == {"HTTP/1.1 429 Too Many Requests"}
    assert is_alive(site)


def test_who_does_not_read_its_export_loses_it_and_its_place(site: Site, token: str) -> None:
    for _ in range(2):
        reading = [exporting(site, token) for _ in range(THREADS // 2)]
        assert {answer(client) for client in reading} == {"HTTP/1.1 200 OK"}
        time.sleep(PATIENCE + 1.0)
    assert "Traceback" not in site.log("web").read_text()


def test_a_client_that_reads_gets_all_of_its_export(site: Site, token: str) -> None:
    with closing(HTTPConnection(site.address, site.port, timeout=SOON)) as connection:
        connection.request("GET", "/api/v1/spaces/acme_plane/export/", headers={"Authorization": f"Bearer {token}"})
        lines = connection.getresponse().read().splitlines()
    assert sum(b'"content"' in line for line in lines) == 500


def test_clients_that_do_not_close_what_is_over_hold_nobody_up(site: Site) -> None:
    over = [send(site, ["GET /healthz HTTP/1.1", "Connection: close"]) for _ in range(8)]
    started = time.monotonic()
    assert is_alive(site)
    assert time.monotonic() - started < 1.0
    assert len(over) == 8
