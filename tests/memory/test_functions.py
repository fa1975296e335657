"""The database's functions after ``migrate``: as the files have them, whatever stood there before."""

import os
import subprocess
import sys

import psycopg

from tests.servers import ROOT

SHAPE = "select oid::regprocedure::text, pg_get_function_result(oid), md5(prosrc) from pg_proc where proname = %s"


def test_a_function_of_another_shape_is_replaced(database: None) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        before = owner.execute(SHAPE, ["engram_retrievability"]).fetchall()
        (signature, *_) = before[0]
        owner.execute(f"drop function {signature}")
        owner.execute("create function engram_retrievability(text) returns text language sql as 'select $1'")
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        assert owner.execute(SHAPE, ["engram_retrievability"]).fetchall() == before
