"""What the documents say, done: every shell block runs against a live site, and prints what stands below it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.demo import build_demo
from tests.isolation.test_catalogue import DATA_PLANE
from tests.live import live_site
from tests.servers import ROOT
from tests.world import PASSWORD

DOCS = ROOT / "docs"
BLOCK = re.compile(r"```sh\n(?P<shell>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
BETWEEN = "=== next block ==="


@pytest.fixture
def live_api(database: None) -> Iterator[str]:
    build_demo()
    with live_site() as url:
        yield f"{url}/api/v1"


@pytest.mark.parametrize("page", ["three-patterns.md", "mcp.md", "capacity-planning.md"])
def test_what_a_page_tells_to_do_prints_what_it_says(live_api: str, page: str) -> None:
    blocks = list(BLOCK.finditer((DOCS / page).read_text()))
    script = f"\necho '{BETWEEN}'\n".join(block["shell"] for block in blocks)
    script = script.replace(".venv/bin/python", sys.executable)
    environment = os.environ | {"API": live_api, "PASSWORD": PASSWORD}
    done = subprocess.run(
        ["sh", "-e"], input=script, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    printed = [part.strip() for part in done.stdout.split(BETWEEN)]
    assert printed == [(block["output"] or "").strip() for block in blocks]


def test_every_table_of_a_space_is_distributed_with_it() -> None:
    told = (DOCS / "distributed.md").read_text()
    tables = [table for table in DATA_PLANE if table.startswith("memory_")]
    assert [table for table in tables if f"create_distributed_table('{table}', 'space_id'" not in told] == []


def test_every_claim_about_security_points_to_tests_that_there_are() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", (DOCS / "security.md").read_text()))
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []
