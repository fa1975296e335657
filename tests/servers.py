"""The suite's own PostgreSQL and Valkey, and one database for each of its processes.

A plugin rather than a conftest, because Django's settings are read before any conftest: it starts the servers, migrates one
template database as the schema's owner, and gives every process of the suite a copy, which it uses as the app's role.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from engram_site.runner.database import prepare_database
from engram_site.runner.environment import Secrets
from engram_site.runner.frontend import install_frontend
from engram_site.runner.postgres import EmbeddedPostgres
from engram_site.runner.valkey import EmbeddedValkey

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "engram"
URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "ENGRAM_TEST_ADMIN_URL")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _start_servers()
    _use_own_database(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    return (yield)


def _start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="engram-test-"))
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    valkey = EmbeddedValkey(folder / "valkey", durable=False)
    _STARTED.extend([postgres, valkey])
    _FOLDERS.append(folder)
    postgres.start()
    valkey.start()
    secrets = Secrets.draw()
    urls = prepare_database(postgres.url, secrets)
    os.environ |= {
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner,
        "DATABASE_BACKUP_URL": urls.backup,
        "ENGRAM_TEST_ADMIN_URL": _named(postgres.url, TEMPLATE),
        "REDIS_URL": valkey.url,
        # A machine that is busy with the suite is slow, and Redis is there all the same.
        "ENGRAM_REDIS_TIMEOUT_MS": "5000",
        "ENGRAM_SECRET_KEY": secrets.secret_key,
        "ENGRAM_SIGNING_KEY": secrets.signing_key,
        "ENGRAM_DATA_DIR": str(folder),
        "ENGRAM_LOG_LEVEL": "WARNING",
    }
    install_frontend()
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command, "--verbosity", "0"], cwd=ROOT, check=True)


def _use_own_database(process: str) -> None:
    name = f"engram_{process}"
    with psycopg.connect(_named(os.environ["ENGRAM_TEST_ADMIN_URL"], "postgres"), autocommit=True) as admin:
        copy = sql.SQL("create database {} template {} owner engram_owner")
        admin.execute(copy.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    os.environ |= {variable: _named(os.environ[variable], name) for variable in URLS}
    number = int("".join(filter(str.isdigit, process)) or -1) + 1
    os.environ["REDIS_URL"] = _named(os.environ["REDIS_URL"], str(number))


def _named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


_STARTED: list[EmbeddedPostgres | EmbeddedValkey] = []
_FOLDERS: list[Path] = []


def pytest_unconfigure() -> None:
    while _STARTED:
        _STARTED.pop().stop()
    while _FOLDERS:
        shutil.rmtree(_FOLDERS.pop(), ignore_errors=True)
