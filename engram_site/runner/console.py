"""What the person at the terminal sees."""

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BOLD, GREEN, RED = "1", "32", "31"


@contextmanager
def step(title: str) -> Iterator[None]:
    """One line about a step: its mark when it is over, what it is, and the seconds that it took."""
    if sys.stdout.isatty():
        print(f"  … {title}", end="\r", flush=True)
    started = time.monotonic()
    mark = _paint("✗", RED)
    try:
        yield
        mark = _paint("✓", GREEN)
    finally:
        print(f"  {mark} {title:<44}{time.monotonic() - started:6.1f} s", flush=True)


def welcome(url: str, demo: Mapping[str, Any], token: str | None, logs: str) -> None:
    """Where everything is, who may log in, and a recall to paste."""
    member, operator = demo["member"], demo["operator"]
    print(
        f"\n{_paint('Engram is running.', BOLD)}\n\n"
        f"  Dashboard   {url}/\n"
        f"  API docs    {url}/api/v1/docs/\n"
        f"  Admin       {url}/admin/\n"
        f"  Logs        {logs}\n\n"
        f"  Member      {member['username']}  {member['password']}   (tenant {member['tenant']})\n"
        f"  Operator    {operator['username']}  {operator['password']}\n"
        f"  API key     {demo['api_key']}\n"
    )
    if token is None:
        print("The demo's API key is no longer accepted; make a new one in the dashboard.\n")
    else:
        body = json.dumps({"query": demo["cue"], "limit": 3})
        print(
            f"{_paint('Try a recall', BOLD)} (its token lives 15 minutes):\n\n"
            f"curl -s {url}/api/v1/spaces/{demo['space']}/recall/ -H 'Content-Type: application/json' "
            f"-H 'Authorization: Bearer {token}' -d {shlex.quote(body)}\n"
        )
    print("Ctrl-C stops everything.", flush=True)


def _paint(text: str, colour: str) -> str:
    return f"\033[{colour}m{text}\033[0m" if COLOURED else text
