"""The database's functions after ``migrate``: as the files have them, whatever stood there before."""

import os
import subprocess
import sys

import psycopg
import pytest

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


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        ("Pole: a crack near the ferrule.", True),
        ("Pole\nA crack near the ferrule.", True),
        ("Pole:\tA crack.", True),
        ("Pole " + 55 * "x" + ": a crack.", True),
        ("Pole " + 56 * "x" + ": a crack.", False),
        ("Pole " + 55 * "x" + "\nA crack.", True),
        ("Pole " + 56 * "x" + "\nA crack.", False),
        ("Pole:cracked", False),
        ("Pole 10:30 and then: a crack.", False),
        ("Pole", False),
        (": pole", False),
        ("\npole", False),
        ("Pölé" + 54 * "ö" + " Pole: a crack.", False),
        ("Pölé" + 51 * "ö" + " Pole: a crack.", True),
    ],
)
def test_a_heading_of_at_most_sixty_characters_is_marked(database: None, content: str, marked: bool) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        ((lexemes,),) = owner.execute("select engram_lexemes(%s, 'simple')::text", [content]).fetchall()
    assert ("'pole':1A" in lexemes or "'pole':2A" in lexemes) == marked
