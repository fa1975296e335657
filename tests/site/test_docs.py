"""What the documents say, done: every shell block runs against a live site, and prints what stands below it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo import build_demo
from tests.live import live_site
from tests.world import PASSWORD

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"```sh\n(?P<shell>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
BETWEEN = "=== next block ==="


@pytest.fixture
def live_api(database: None) -> Iterator[str]:
    build_demo()
    with live_site() as url:
        yield f"{url}/api/v1"


@pytest.mark.parametrize("page", ["three-patterns.md", "mcp.md"])
def test_what_a_page_tells_to_do_prints_what_it_says(live_api: str, page: str) -> None:
    blocks = list(BLOCK.finditer((DOCS / page).read_text()))
    script = f"\necho '{BETWEEN}'\n".join(block["shell"] for block in blocks)
    environment = {"API": live_api, "PASSWORD": PASSWORD, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-e"], input=script, env=environment, capture_output=True, text=True, check=True)
    printed = [part.strip() for part in done.stdout.split(BETWEEN)]
    assert printed == [(block["output"] or "").strip() for block in blocks]
