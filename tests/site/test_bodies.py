"""Bodies that come in chunks, against the web server as it ships."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from engram_site.runner.site import Site
from tests.site.web_server import web_server
from tests.world import World

PATH = "/api/v1/spaces/acme_s1/memories/"


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    with web_server(tmp_path) as site:
        yield site


def send_in_chunks(site: Site, path: str, kind: str, token: str, *chunks: bytes) -> tuple[int, Any]:
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    with closing(HTTPConnection(site.address, site.port, timeout=10)) as connection:
        connection.request("POST", path, iter(chunks), headers, encode_chunked=True)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_a_body_without_a_length_is_refused_with_what_is_allowed(world: World, site: Site) -> None:
    detail = "The body has no Content-Length; allowed without one: an import's file."
    body = [b'{"content": "It came', b' in pieces."}']
    status, answer = send_in_chunks(site, PATH, "application/json", world.token("acme_s1"), *body)
    assert status == 411
    assert answer == {
        "type": "client_error",
        "errors": [{"code": "length_required", "detail": detail, "attr": None}],
    }


def test_an_imports_file_may_come_in_chunks(world: World, site: Site) -> None:
    file = world.client("acme").get("/api/v1/spaces/acme_s1/export/").getvalue()
    path = "/api/v1/spaces/acme_s10/import/"
    status, answer = send_in_chunks(site, path, "application/x-ndjson", world.token("acme"), file[:50], file[50:])
    assert (status, answer["bytes"]) == (202, len(file))
