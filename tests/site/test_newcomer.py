"""A newcomer's first hour: everything starts by the one command, what README and the guides say is done as it stands there, and
Ctrl-C ends it without losing anything."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from engram_site.runner.environment import EnvironmentFile
from engram_site.runner.ports import remembered_port
from engram_site.runner.postgres import BINARIES, EmbeddedPostgres
from engram_site.runner.site import Site
from tests.servers import ROOT
from tests.site.documents import blocks, parts, script
from tests.site.test_backup import named
from tests.site.test_shutdown import UNDER_WAY, Remembering, wait_until_refused

PATIENCE = 180
OURS = ("DATABASE_", "REDIS_", "ENGRAM_", "DJANGO_", "PROMETHEUS_")
# What a folder needs for the documents' commands to mean there what they mean in the repository.
NEEDED = ("manage.py", "README.md", "engram_site", "examples", "docs")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who started Engram, in a folder that looks like the repository and has only its own data."""

    folder: Path
    site: Site
    runner: subprocess.Popen[str]
    environment: dict[str, str]

    def do(self, script: str) -> str:
        """What a shell prints that is given ``script``."""
        adapted = script.replace(".venv/bin/python", sys.executable).replace(":8000", f":{self.site.port}")
        done = subprocess.run(
            ["sh", "-e"],
            input=adapted,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, page: str) -> list[str]:
        """What each of a page's blocks prints."""
        return parts(self.do(script(page)))


@contextmanager
def started(folder: Path) -> Iterator[Newcomer]:
    """What ``./engram up`` starts once it has installed the packages."""
    for name in NEEDED:
        (folder / name).symlink_to(ROOT / name)
    site = Site(folder / ".engram", "127.0.0.1", remembered_port(folder / "web.port"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment |= {"ENGRAM_DATA_DIR": str(site.data), "ENGRAM_PORT": str(site.port)}
    environment |= {"PATH": f"{BINARIES}:{environment['PATH']}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "engram_site.runner", "up"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        said = []
        for line in runner.stdout:
            said.append(line)
            if line == "Ctrl-C stops everything.\n":
                break
        assert "Engram is running.\n" in said
        yield Newcomer(folder, site, runner, environment)
        runner.send_signal(signal.SIGINT)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with started(tmp_path) as newcomer:
        yield newcomer


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Newcomer]:
    """Somebody who has had the demo's tenants and has taken their key back."""
    nobody = {"username": "ada", "password": "forgotten", "tenant": "acme"}
    demo = {"member": nobody, "operator": nobody, "api_key": "egk_revoked", "space": "acme_support", "cue": "any"}
    (tmp_path / ".engram").mkdir(mode=0o700)
    (tmp_path / ".engram" / "demo.json").write_text(json.dumps(demo))
    with started(tmp_path) as newcomer:
        yield newcomer


def test_what_the_documents_say_can_be_done_as_it_stands_there(newcomer: Newcomer) -> None:
    *_, remembered, recalled, refused, loaded = newcomer.read("README.md")
    assert remembered.count('"created":true') == 2
    assert [words in recalled for words in ("zip of her jacket", "voucher for the repair shop")] == [True, True]
    assert '"code":"space_not_covered"' in refused
    assert "hooli_notes" in loaded

    data = newcomer.site.data
    postgres = EmbeddedPostgres(data / "postgres", port=int((data / "postgres" / "port").read_text()))
    newcomer.environment.update(EnvironmentFile(data / "environment").read(), ADMIN_URL=postgres.url)
    limits, _, _, _, binaries = newcomer.read("docs/operations.md")
    assert "rate_limit_per_space" in limits
    assert binaries == str(BINARIES)
    with psycopg.connect(named(postgres.url, "engram_restored")) as restored:
        assert restored.execute("select 1 from tenants_space where name = 'hooli_notes'").fetchone() == (1,)

    (used,) = newcomer.read("examples/multi_tenant/README.md")
    assert used in (ROOT / "examples/multi_tenant/README.md").read_text()


def test_ctrl_c_finishes_what_was_asked_and_keeps_what_was_said(hurried: Newcomer) -> None:
    key = hurried.do(f"{blocks('README.md')[0]['shell']}\necho $KEY").split()[-1]
    token = hurried.site.access_token(key)
    assert token is not None
    asked = [Remembering(hurried.site.port, "hooli_notes", token, f"Said at the end, {n}.") for n in range(UNDER_WAY)]
    hurried.runner.send_signal(signal.SIGINT)
    wait_until_refused(hurried.site.port)
    assert [each.finish() for each in asked] == [201] * UNDER_WAY
    said, _ = hurried.runner.communicate(timeout=PATIENCE)
    assert (hurried.runner.returncode, said.splitlines()[-1]) == (0, "Engram has stopped.")
    postgres = EmbeddedPostgres(hurried.site.data / "postgres")
    postgres.start()
    with psycopg.connect(named(postgres.url, "engram")) as again:
        kept = again.execute("select count(*) from memory_memory where content like 'Said at the end%'").fetchone()
    postgres.stop()
    assert kept == (UNDER_WAY,)
