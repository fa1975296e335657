"""What goes wrong, said in one shape: ``{"type", "errors": [{"code", "detail", "attr"}]}`` with the request's id."""

import json
import os
import socket
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import RequestFactory
from rest_framework.test import APIClient
from werkzeug.test import Client, run_wsgi_app

from audit.models import AuditEvent
from engram_site.wsgi import application
from tenants import strict_json
from tenants.limits import installation
from tenants.scope import tenant_tx
from tests.world import World, logged_in, scope_of

MEMORIES = "/api/v1/spaces/acme_s1/memories/"
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def client(world: World) -> APIClient:
    return world.client("acme")


def problem(answer: Any) -> tuple[int, str, str, str | None]:
    """The status, and the only problem that the answer names; the shape is checked on the way."""
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert set(body) == {"type", "errors"}
    (error,) = body["errors"]
    assert set(error) == {"code", "detail", "attr"}
    assert error["detail"]
    assert answer.headers["X-Request-ID"]
    return answer.status_code, body["type"], error["code"], error["attr"]


class Unread:
    """A body that nobody may read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("The body was read.")

    readline = read


def sent(client: APIClient, body: str | bytes, content_type: str = "application/json") -> Any:
    return client.post(MEMORIES, body, content_type=content_type)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("get", "/api/v1/spaces/nobodys/", (403, "client_error", "space_not_covered", None)),
        ("get", f"{MEMORIES}{UNKNOWN}/", (404, "client_error", "not_found", None)),
        ("get", "/api/v1/nothing/here", (404, "client_error", "not_found", None)),
        ("post", "/api/v1/nothing/here", (404, "client_error", "not_found", None)),
        ("get", "/api/v1/spaces", (404, "client_error", "not_found", None)),
        ("get", "/api/v1/spaces/acme_s1/nothing/", (404, "client_error", "not_found", None)),
        ("get", "/api/v1/spaces/a%00b/", (404, "client_error", "not_found", None)),
        ("get", "/api/v1/spaces/%FF/", (403, "client_error", "space_not_covered", None)),
        ("put", MEMORIES, (405, "client_error", "method_not_allowed", None)),
        ("options", MEMORIES, (405, "client_error", "method_not_allowed", None)),
        ("delete", "/api/v1/spaces/", (405, "client_error", "method_not_allowed", None)),
        ("get", f"{MEMORIES}?page=2", (400, "validation_error", "unknown_field", "page")),
    ],
)
def test_every_refusal_has_the_one_shape(
    client: APIClient, method: str, path: str, expected: tuple[int, str, str, str | None]
) -> None:
    assert problem(getattr(client, method)(path)) == expected


def test_without_a_token_the_way_in_is_named(world: World) -> None:
    answer = APIClient().get(MEMORIES)
    assert problem(answer) == (401, "client_error", "not_authenticated", None)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="engram"'


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer a.b.c", "Basic YTpi", "Bearer é", "\x01"])
def test_what_is_no_token_is_refused(world: World, header: str) -> None:
    answer = APIClient().get(MEMORIES, headers={"Authorization": header})
    assert problem(answer) == (401, "client_error", "invalid_token", None)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="engram"')


def test_a_format_that_there_is_not_is_named_with_those_there_are(client: APIClient) -> None:
    answer = client.get(MEMORIES, {"format": "yaml"})
    assert problem(answer) == (400, "validation_error", "invalid", "format")
    assert answer.json()["errors"][0]["detail"] == "'format' is 'yaml'; allowed: json, api."


def test_a_form_cannot_be_answered_in_xml_nor_asked_in_one(client: APIClient) -> None:
    unreadable = sent(client, "content=a", "application/x-www-form-urlencoded")
    assert problem(unreadable) == (415, "client_error", "unsupported_media_type", None)
    unwritable = client.get(MEMORIES, headers={"Accept": "application/xml"})
    assert problem(unwritable) == (406, "client_error", "not_acceptable", None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "truncated"),
        (b"nothing", "invalid character"),
        (b'{"content": "a",}', "trailing comma"),
        (b'{"content": "a"} {}', "trailing characters"),
        (b'\xef\xbb\xbf{"content": "a"}', "BOM"),
        (b'{"content": "\xff"}', "can't decode byte"),
        (b'{"content": "a\x00b"}', "invalid character"),
        (rb'{"content": "a\u0000b"}', "a NUL character cannot be stored"),
        (rb'{"content": "a", "metadata": {"a\\\u0000": 1}}', "a NUL character cannot be stored"),
        (rb'{"content": "\ud800"}', "truncated"),
        (rb'{"content": "\ud800 and more"}', "surrogate"),
        (b'{"content": "a", "confidence": 1e400}', "out of range"),
        (b'{"content": "a", "metadata": {"n": 1e999}}', "out of range"),
        (b'{"content": "a", "confidence": NaN}', "invalid character (byte 31)"),
        (b'{"content": "a", "confidence": -Infinity}', "invalid character (byte 32)"),
        (b'{"content": "a", "metadata": {"n": 1' + b"0" * 5_000 + b"}}", "Integer value out of range"),
        (b'{"metadata": ' + b'{"a":' * 64 + b"1" + b"}" * 65, "nested deeper than 64 levels"),
        (b'{"content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not valid JSON"),
    ],
)
def test_what_is_not_json_is_said_to_be_so(client: APIClient, body: bytes, words: str) -> None:
    answer = sent(client, body)
    assert problem(answer) == (400, "client_error", "parse_error", None)
    assert words in answer.json()["errors"][0]["detail"]


def test_a_backslash_before_a_u_is_not_taken_for_an_escape(client: APIClient) -> None:
    answer = sent(client, rb'{"content": "C:\\u0000", "metadata": {"nested": ' + b"[" * 60 + b"]" * 60 + b"}}")
    assert answer.status_code == 201
    assert answer.json()["content"] == r"C:\u0000"


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "5"])
def test_json_that_is_no_object_is_refused(client: APIClient, body: str) -> None:
    assert problem(sent(client, body))[:2] == (400, "validation_error")


def test_an_empty_body_lacks_what_is_required(client: APIClient) -> None:
    assert problem(client.post(MEMORIES)) == (400, "validation_error", "required", "content")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    most = installation().sizes.body_bytes
    environ = RequestFactory().post(MEMORIES).environ | {"CONTENT_LENGTH": str(most + 1), "wsgi.input": Unread()}
    body, status, headers = run_wsgi_app(application, environ)
    assert status == "413 Request Entity Too Large"
    assert headers["X-Request-ID"]
    assert json.loads(b"".join(body))["errors"][0] == {
        "code": "too_large",
        "detail": f"The body has {most + 1:,} bytes; allowed: {most:,}.",
        "attr": None,
    }


@pytest.mark.parametrize("route", ["token", "token/refresh", "token/revoke"])
def test_who_is_not_known_yet_has_little_read(world: World, route: str) -> None:
    path, length = f"/api/v1/auth/{route}/", {"CONTENT_LENGTH": "65537", "wsgi.input": Unread()}
    body, status, _ = run_wsgi_app(application, RequestFactory().post(path).environ | length)
    assert status == "413 Request Entity Too Large"
    assert json.loads(b"".join(body))["errors"][0]["detail"] == "The body has 65,537 bytes; allowed: 65,536."


@pytest.mark.parametrize("path", ["/login/", "/spaces/", "/spaces/acme_s1/transfer/", "/admin/tenants/space/add/"])
def test_a_page_that_is_sent_too_much_answers_with_a_page_and_reads_nothing(world: World, path: str) -> None:
    most = installation().sizes.body_bytes
    sent = {"HTTP_COOKIE": logged_in("alice").cookies.output(header=""), "CONTENT_LENGTH": str(most + 1)}
    environ = RequestFactory().post(path).environ | sent | {"wsgi.input": Unread()}
    body, status, headers = run_wsgi_app(application, environ)
    page = b"".join(body).decode()
    assert (status, headers["Content-Type"]) == ("413 Request Entity Too Large", "text/html; charset=utf-8")
    assert f"The body has {most + 1:,} bytes; allowed: {most:,}." in page
    assert "Log out" in page


def test_a_page_that_is_sent_a_body_without_a_length_answers_with_a_page(world: World) -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Unread()}
    environ = RequestFactory().get("/login/").environ | chunked | {"REQUEST_METHOD": "POST"}
    body, status, headers = run_wsgi_app(application, environ)
    assert (status, headers["Content-Type"]) == ("411 Length Required", "text/html; charset=utf-8")
    assert "The body has no Content-Length" in b"".join(body).decode()


def test_a_page_whose_path_holds_a_nul_answers_with_a_page(world: World) -> None:
    answer = logged_in("alice").get("/spaces/a%00b/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "A path holds no NUL character." in answer.content.decode()


def test_a_form_that_is_too_large_is_refused(world: World) -> None:
    assert APIClient().post("/login/", {"username": "a" * 3_000_000}).status_code == 400


def test_more_lists_than_a_process_can_bear_are_not_read(client: APIClient) -> None:
    answer = sent(client, b'{"metadata": {"a": [' + b"[]," * strict_json.MOST_CONTAINERS + b"[]]}}")
    assert problem(answer) == (400, "client_error", "parse_error", None)
    assert "it holds more than 200,000 lists and objects" in answer.json()["errors"][0]["detail"]


def test_brackets_in_a_text_are_no_lists() -> None:
    brackets = "[" * strict_json.MOST_CONTAINERS
    assert strict_json.loads(json.dumps([brackets, '\\" [', brackets]).encode()) == [brackets, '\\" [', brackets]


def test_a_sane_request_id_is_said_back_and_written_down(client: APIClient) -> None:
    request_id = f"order.20574_{uuid4()}"
    assert client.get(MEMORIES, headers={"X-Request-ID": request_id}).headers["X-Request-ID"] == request_id
    with tenant_tx(scope_of("acme_s1").tenant_id):
        assert AuditEvent.objects.get(action="list_memories").request_id == request_id


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "has a space", "<script>", "naïve-id", "id\r\nSet-Cookie: a"])
def test_any_other_request_id_is_replaced(client: APIClient, given: str) -> None:
    answered = [client.get(MEMORIES, headers={"X-Request-ID": given}).headers["X-Request-ID"] for _ in range(2)]
    assert answered[0] != answered[1]
    assert [str(UUID(request_id)) for request_id in answered] == answered


@pytest.mark.parametrize("path", ["/healthz", "/login/", "/nothing", "/api/v1/schema/"])
def test_every_answer_has_a_request_id(world: World, path: str) -> None:
    assert UUID(APIClient().get(path).headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "x" * 500, "x" * 64),
    ],
)
def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(
    client: APIClient, settings: LazySettings, trusted: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    assert client.get(MEMORIES, headers={"X-Forwarded-For": forwarded}).status_code == 200
    with tenant_tx(scope_of("acme_s1").tenant_id):
        assert AuditEvent.objects.get(action="list_memories").address == address


def test_while_the_database_is_away_the_client_is_asked_to_try_again(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    connection.close()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setitem(connection.settings_dict, "PORT", str(closed.getsockname()[1]))
    assert problem(client.get(MEMORIES)) == (503, "server_error", "unavailable", None)
    assert problem(client.post(MEMORIES, {"content": "a"}, format="json"))[0] == 503
    assert problem(client.post("/api/v1/auth/token/", {"api_key": "egk_a_b"}, format="json"))[0] == 503


def test_a_connection_that_the_database_ended_is_replaced(world: World) -> None:
    web = Client(application)
    headers = {"Authorization": f"Bearer {world.token('acme')}"}
    assert web.get(MEMORIES, headers=headers).status_code == HTTPStatus.OK
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where usename = 'engram_app' and datname = current_database()"
        )
    answers = [web.get(MEMORIES, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.OK]
