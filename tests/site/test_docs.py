"""What the documents say, done: the shell blocks run against a live site, and print what stands below them. See ``documents``."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from django.db import connection

from memory.entities import MOST_NAMES
from memory.services import recall
from memory.services.entities import MOST_HOLDERS
from memory.services.reinforcement import TOGETHER
from tests.demo import build_demo
from tests.isolation.test_catalogue import DATA_PLANE
from tests.live import live_site
from tests.servers import ROOT
from tests.site.documents import BLOCK, DONE_BESIDE_UP, NOT_RUN, WALKED, blocks, pages, parts, script, why_not
from tests.world import PASSWORD

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@pytest.fixture
def live_api(database: None) -> Iterator[str]:
    build_demo()
    with live_site() as url:
        yield f"{url}/api/v1"


@pytest.mark.parametrize("page", WALKED)
def test_what_a_page_tells_to_do_prints_what_it_says(live_api: str, page: str) -> None:
    environment = os.environ | {"API": live_api, "PASSWORD": PASSWORD}
    shell = script(page).replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["sh", "-e"], input=shell, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert parts(done.stdout) == [(block["output"] or "").strip() for block in blocks(page)]


def test_every_shell_block_is_run_or_is_said_not_to_be() -> None:
    assert sorted([*WALKED, *DONE_BESIDE_UP]) == pages()
    shells = [block["shell"] for page in pages() for block in BLOCK.finditer((ROOT / page).read_text())]
    assert [reason for shell in shells for reason in why_not(shell)] == list(NOT_RUN.values())


def test_every_page_and_picture_that_a_document_names_is_there() -> None:
    documents = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("examples/*/*.md")]
    named = [(document, link) for document in documents for link in LINK.findall(document.read_text())]
    assert len(named) > 40
    assert [f"{document.name}: {link}" for document, link in named if not (document.parent / link).exists()] == []


def test_the_parameters_of_recall_are_told_as_they_are() -> None:
    told = dict(re.findall(r"^\| `([\w.]+)` \| ([\d.,]+) \|", (DOCS / "recall.md").read_text(), re.MULTILINE))
    spreading = {f"Spreading.{name}": value for name, value in asdict(recall.SPREADING).items()}
    scoring = {name: value for name, value in vars(recall).items() if name.isupper() and isinstance(value, int | float)}
    names = {"MOST_HOLDERS": MOST_HOLDERS, "MOST_NAMES": MOST_NAMES, "TOGETHER": TOGETHER}
    assert {name: float(value.replace(",", "")) for name, value in told.items()} == {**scoring, **spreading, **names}


def test_every_table_of_a_space_or_a_tenant_is_distributed_by_it() -> None:
    told = (DOCS / "distributed.md").read_text()
    told_so = [table for table, key in DATA_PLANE.items() if f"create_distributed_table('{table}', '{key}'" in told]
    assert told_so == list(DATA_PLANE)


def test_the_function_that_is_distributed_is_told_as_it_is(database: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 'engram_recall'::regproc::regprocedure::text")
        ((signature,),) = cursor.fetchall()
    assert signature in re.sub(r",\s+", ",", (DOCS / "distributed.md").read_text())


def test_every_claim_about_security_points_to_tests_that_there_are() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", (DOCS / "security.md").read_text()))
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []
