"""Backup and restore, done: as the documents say, with the role that may read everything and change nothing."""

import os
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from engram_site.runner.postgres import BINARIES
from memory.records import NewMemory
from memory.services.remember import remember_batch
from tests.world import World, scope_of

COUNTED = (
    "memory_memory",
    "memory_embedding",
    "memory_association",
    "memory_tally",
    "tenants_space",
    "audit_auditevent",
)
RESTORED = "engram_restored"
RECALL = """
select count(*) from engram_recall(
    %s, null, 'memory', null, false, true, '{hot}', '{}', 5, 1, 0.01, 10, 40, 10, 100, 1, 0.5, 8, 50, 0, 1, 0, null, null, 0)
"""


def run(program: str, *arguments: str, **options: str) -> None:
    subprocess.run([str(BINARIES / program), *arguments], env=os.environ | options, check=True)


def named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = {table: connection.execute(f"select count(*) from {table}").fetchone() for table in COUNTED}
    return {table: row[0] for table, row in found.items() if row is not None}


@pytest.fixture
def restored() -> Iterator[str]:
    """A superuser's URL of an empty database, which belongs to the schema's owner."""
    admin_url = os.environ["ENGRAM_TEST_ADMIN_URL"]
    with psycopg.connect(named(admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(f"create database {RESTORED} owner engram_owner")
        yield named(admin_url, RESTORED)
        admin.execute(f"drop database {RESTORED} with (force)")


def test_a_backup_restored_is_the_same_installation_with_its_locks(world: World, restored: str, tmp_path: str) -> None:
    remember_batch(scope_of("acme_s1"), [NewMemory(f"Memory {n}.", session="one") for n in range(20)])
    file = f"{tmp_path}/engram.dump"
    run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={os.environ['DATABASE_BACKUP_URL']}")
    run("pg_restore", "--exit-on-error", f"--dbname={restored}", file)

    backup = os.environ["DATABASE_BACKUP_URL"]
    assert counts(named(backup, RESTORED)) == counts(backup)
    assert counts(backup)["memory_memory"] == 24
    with psycopg.connect(named(os.environ["DATABASE_URL"], RESTORED)) as app:
        assert app.execute("select count(*) from memory_memory").fetchone() == (0,)
        scope = scope_of("acme_s1")
        app.execute("select set_config('engram.space_id', %s, true)", [str(scope.space_id)])
        assert app.execute("select count(*) from memory_memory").fetchone() == (21,)
        assert app.execute(RECALL, [scope.space_id]).fetchone() == (5,)


def test_the_backups_role_changes_nothing(world: World) -> None:
    with (
        psycopg.connect(os.environ["DATABASE_BACKUP_URL"]) as backup,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        backup.execute("set transaction read write; delete from memory_memory")
