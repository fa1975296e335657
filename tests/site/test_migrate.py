"""``manage.py migrate`` while the site runs."""

import os
import subprocess
import sys

import psycopg
import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.usefixtures("database")


def test_what_cannot_have_its_lock_fails_instead_of_holding_everybody_up() -> None:
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as busy:
        busy.execute("comment on function engram_code is 'in use'")
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        busy.rollback()
        assert busy.execute("select count(*) from pg_proc where proname = 'engram_code'").fetchone() == (1,)
    assert done.returncode == 1
    assert "canceling statement due to lock timeout" in done.stderr
