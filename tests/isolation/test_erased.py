"""After a space was erased nothing shows what it held: no route, tool, page, export, metric, key in Redis or table."""

import os
import re
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
from tests.isolation.pages import ADMIN_PAGES, PAGES, READING
from tests.isolation.stage import Stage, admin_connection, build_stage

WORD = "quixotry"
OWNER, ADMIN, STRANGER = (
    next(caller for caller in CALLERS if caller.name == name)
    for name in ("the space's own key", "an admin's session", "another tenant's admin")
)
# Every page and probe that answers a GET: one that is new is in the isolation matrix, and so here.
ANSWERING = [f"/{page.route}" for page in PAGES if page.method == "GET" and page.status != 405]
# A tenant's own trail names the memories that its people asked for.
OF_THE_TRAIL = {"/", "/overview/", "/audit/"}
VISITORS = ("an admin's session", "a member's session", "another tenant's admin", "an operator", "nobody")
LINK = re.compile(r'href="(/admin/[^"?#]*)"')
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


def pages(stage: Stage, memory: str) -> list[str]:
    """The URL of every page, for the memory, and of the operators' with what they lead to."""
    subject = replace(stage.subject(replace(ADMIN, space="acme_s10"), CALLS[0]), space="acme_s1", memory=memory)
    root = stage.headers["an operator"]
    found = [link for page in ADMIN_PAGES for link in LINK.findall(shown(stage, page, root))]
    return [*map(subject.url, ANSWERING), *reading(memory), *dict.fromkeys([*ADMIN_PAGES, *found])]


def reading(memory: str) -> list[str]:
    return [page.format(space="acme_s1", memory=memory) for page in READING]


def shown(stage: Stage, page: str, headers: dict[str, str]) -> str:
    return str(stage.fetch("GET", page, headers).content.decode())


def test_nothing_shows_what_an_erased_space_held(stage: Stage) -> None:
    memory = fill(stage)
    space_id = erase_space(stage)
    for caller in (OWNER, ADMIN, STRANGER):
        for call in (*CALLS, *TOOLS):
            answer = asked(stage, caller, call, memory).content.decode()
            assert (WORD in answer, space_id in answer) == (False, False), f"{call} of {caller}"
    assert WORD not in dumped()
    measured = stage.fetch("GET", "/metrics", {}).content.decode()
    assert 'engram_storage_memory_bytes{space="acme_s1"' not in measured


def test_no_page_shows_what_an_erased_space_held(stage: Stage) -> None:
    memory = fill(stage)
    assert set(reading(memory)) <= {
        page for page in pages(stage, memory) if WORD in shown(stage, page, stage.headers[ADMIN.name])
    }
    space_id = erase_space(stage)
    answers = [(page, shown(stage, page, stage.headers[who])) for page in pages(stage, memory) for who in VISITORS]
    assert {page for page, answer in answers if WORD in answer or space_id in answer} == set()
    assert {page for page, answer in answers if memory in answer and memory not in page} == OF_THE_TRAIL


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
