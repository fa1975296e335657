"""``/healthz`` and ``/readyz``."""

import os
import socket
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

OK = {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


def ready(expected: int) -> dict[str, str]:
    answer = Client().get("/readyz")
    assert answer.status_code == expected
    checks: dict[str, str] = answer.json()["checks"]
    return checks


@pytest.fixture
def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
        return port


def test_a_process_that_answers_is_alive_whatever_else_is_away(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, dead_port: int, database: None
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", str(dead_port))
    settings.REDIS_URL = f"redis://127.0.0.1:{dead_port}/0"
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_everything_answers(database: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, OK)


def test_it_is_not_ready_without_its_database(database: None, monkeypatch: pytest.MonkeyPatch, dead_port: int) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", str(dead_port))
    assert ready(503) == {"database": "does not answer", "redis": "ok"}


def test_it_is_ready_again_when_its_database_is_back(
    database: None, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", str(dead_port))
    ready(503)
    monkeypatch.undo()
    assert ready(200) == {"database": "ok", "redis": "ok"}


def degraded() -> dict[str, str]:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    checks: dict[str, str] = answer.json()["checks"]
    return checks


def test_it_is_ready_but_degraded_without_redis(database: None, settings: LazySettings, dead_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{dead_port}/0"
    assert degraded() == {"database": "ok", "redis": "does not answer; limits are kept per process"}


def test_it_is_ready_but_degraded_with_the_wrong_password_for_redis(database: None, settings: LazySettings) -> None:
    address = urlsplit(settings.REDIS_URL)
    settings.REDIS_URL = f"redis://:wrong@{address.hostname}:{address.port}/0"
    assert degraded() == {"database": "ok", "redis": "does not answer; limits are kept per process"}


@pytest.mark.parametrize(
    ("variable", "role"),
    [
        ("DATABASE_OWNER_URL", "engram_owner"),
        ("DATABASE_BACKUP_URL", "engram_backup"),
        ("ENGRAM_TEST_ADMIN_URL", "postgres"),
    ],
)
def test_it_is_not_ready_as_a_role_that_policies_do_not_bind(
    database: None, monkeypatch: pytest.MonkeyPatch, variable: str, role: str
) -> None:
    connection.close()
    login = urlsplit(os.environ[variable])
    monkeypatch.setitem(connection.settings_dict, "USER", login.username)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", login.password)
    assert ready(503) == {
        "database": f"role {role!r} could bypass row-level security; connect as engram_app",
        "redis": "ok",
    }
