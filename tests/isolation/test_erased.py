"""After a space was erased nothing shows what it held: no route, tool, page, export, metric, key in Redis or table."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from django.conf import settings

from engram_site.runner.postgres import BINARIES
from memory.services.erase import erase
from tenants.callers import operator
from tenants.models import Space
from tenants.scope import SpaceScope
from tenants.services.spaces import NewSpace, create_space
from tests.isolation.matrix import CALLERS, CALLS, TOOLS, Call, Caller
from tests.isolation.stage import Stage, admin_connection, build_stage

WORD = "quixotry"
OWNER = replace(CALLERS[0], space="acme_s1")
PAGES = ["/", "/overview/", "/metrics", "/spaces/", "/spaces/acme_s1/"]
HEADERS = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def stage(database: None) -> Iterator[Stage]:
    with admin_connection() as admin:
        yield build_stage(admin)


def fill(stage: Stage) -> str:
    """A secret in every place where a space keeps something; the memory's id."""
    api = "/api/v1/spaces/acme_s1/"
    owner = {**stage.headers[OWNER.name], "Idempotency-Key": "once"}
    body = (
        f'{{"content": "The {WORD} of it.", "session": "{WORD}", "metadata": {{"{WORD}": "{WORD}"}}, "kind": "{WORD}"}}'
    )
    memory = stage.fetch("POST", f"{api}memories/", owner, body).json()["id"]
    assert WORD in stage.fetch("POST", f"{api}recall/", owner, f'{{"query": "{WORD}"}}').content.decode()
    unfinished = f'{{"type": "memory", "content": "{WORD}"'
    stage.fetch("POST", f"{api}import/?more=true", owner, unfinished, "application/x-ndjson")
    assert WORD in stage.fetch("GET", f"{api}export/", owner).content.decode()
    assert WORD in dumped()
    return str(memory)


def erase_space(stage: Stage) -> str:
    """Ask for it as the owner, and do a worker's work; the id that the space had."""
    assert stage.fetch("DELETE", "/api/v1/spaces/acme_s1/", stage.headers[OWNER.name]).status_code == 202
    space_id = str(stage.spaces["acme_s1"])
    while not erase(SpaceScope.for_erasure(stage.spaces["acme_s1"])):
        pass
    assert not Space.objects.filter(name="acme_s1").exists()
    return space_id


def dumped() -> str:
    """Every row of the database, as a backup has it."""
    command = [str(BINARIES / "pg_dump"), "--data-only", "--dbname", os.environ["DATABASE_BACKUP_URL"]]
    return str(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def asked(stage: Stage, caller: Caller, call: Call, memory: str) -> Any:
    subject = replace(
        stage.subject(replace(caller, space="acme_s10"), call), space="acme_s1", memory=memory, target=memory
    )
    response, _ = stage.send(caller.name, call, subject, HEADERS if call in TOOLS else {})
    return response


def test_nothing_shows_what_an_erased_space_held(stage: Stage) -> None:
    memory = fill(stage)
    space_id = erase_space(stage)
    for caller in (OWNER, CALLERS[5], *[other for other in CALLERS if other.name == "another tenant's admin"]):
        for call in (*CALLS, *TOOLS):
            answer = asked(stage, caller, call, memory).content.decode()
            assert (WORD in answer, space_id in answer) == (False, False), f"{call} of {caller}"
        for page in PAGES:
            answer = stage.fetch("GET", page, stage.headers[caller.name]).content.decode()
            assert (WORD in answer, space_id in answer, memory in answer) == (False, False, False), page
    assert WORD not in dumped()
    measured = stage.fetch("GET", "/metrics", {}).content.decode()
    assert 'engram_storage_memory_bytes{space="acme_s1"' not in measured


def test_a_new_space_of_the_same_name_knows_nothing_of_the_old_one(stage: Stage) -> None:
    memory = fill(stage)
    erase_space(stage)
    create_space(operator("tests"), NewSpace("acme_s1"), tenant_slug="acme")
    admin, api = stage.headers["an admin's session"], "/api/v1/spaces/acme_s1/"
    assert stage.fetch("GET", f"{api}memories/{memory}/", admin).status_code == 404
    assert stage.fetch("GET", f"{api}memories/", admin).json()["results"] == []
    assert stage.fetch("GET", f"{api}import/", admin).json()["results"] == []
    assert stage.fetch("POST", f"{api}recall/", admin, f'{{"query": "{WORD}"}}').json()["results"] == []
    assert len(stage.fetch("GET", f"{api}export/", admin).content.splitlines()) == 2
    assert stage.fetch("GET", f"{api}usage/", admin).json()["total"]["memories"] == 0


def test_redis_forgets_an_erased_space_by_itself(stage: Stage) -> None:
    fill(stage)
    space_id = erase_space(stage)
    client: Any = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
    left = [key for key in client.scan_iter() if space_id in key]
    assert {key for key in left if client.ttl(key) < 0} == set()
