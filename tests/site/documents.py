"""The documents' shell blocks: which there are, where they are run, and which cannot be and why."""

import re
from pathlib import Path

from tests.servers import ROOT

BLOCK = re.compile(r"```sh\n(?P<shell>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
BETWEEN = "=== next block ==="

# Run against the tests' own site, which prints what stands below each block.
WALKED = ("docs/capacity-planning.md", "docs/mcp.md", "docs/three-patterns.md")
# Run beside ``up``, as a newcomer and an operator do.
DONE_BESIDE_UP = ("README.md", "docs/operations.md", "examples/multi_tenant/README.md")
# By a block's first words, why no test runs it.
NOT_RUN = {
    "./engram up": "the tests start what it starts; installing takes a registry and minutes, and ./engram test is this suite",
    "mkdir -m 700 secrets": "there is no Docker daemon; test_deploy.py runs the services' commands without one",
}


def pages() -> list[str]:
    """Every document that has a shell block."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]
    return sorted(str(page.relative_to(ROOT)) for page in found if "```sh\n" in page.read_text())


def blocks(page: str | Path) -> list[re.Match[str]]:
    """Those that tests run."""
    return [block for block in BLOCK.finditer((ROOT / page).read_text()) if not why_not(block["shell"])]


def why_not(shell: str) -> list[str]:
    return [reason for beginning, reason in NOT_RUN.items() if shell.startswith(beginning)]


def script(page: str) -> str:
    """A page's blocks as one script, with a line between what each prints."""
    return f"\necho '{BETWEEN}'\n".join(block["shell"] for block in blocks(page))


def parts(printed: str) -> list[str]:
    """What each block printed."""
    return [part.strip() for part in printed.split(BETWEEN)]
