"""What the documents say, done: every shell block runs against a live site, and prints what stands below it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test.testcases import LiveServerThread, _StaticFilesHandler

from tests.demo import build_demo
from tests.world import PASSWORD

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"```sh\n(?P<shell>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
BETWEEN = "=== next block ==="


@pytest.fixture
def live_api(database: None) -> Iterator[str]:
    build_demo()
    server = LiveServerThread("127.0.0.1", _StaticFilesHandler, connections_override={}, port=0)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    yield f"http://127.0.0.1:{server.port}/api/v1"
    server.terminate()


def test_the_three_patterns_are_as_the_walk_through_says(live_api: str) -> None:
    blocks = list(BLOCK.finditer((DOCS / "three-patterns.md").read_text()))
    script = f"\necho '{BETWEEN}'\n".join(block["shell"] for block in blocks)
    environment = {"API": live_api, "PASSWORD": PASSWORD, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-e"], input=script, env=environment, capture_output=True, text=True, check=True)
    printed = [part.strip() for part in done.stdout.split(BETWEEN)]
    assert printed == [(block["output"] or "").strip() for block in blocks]
