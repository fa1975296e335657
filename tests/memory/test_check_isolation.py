"""``manage.py check_isolation``: a whole installation passes, and each lock that is taken away is found."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import AuditEvent
from memory import isolation_queries
from memory.services import isolation
from memory.services.isolation import check_isolation
from tenants import statements
from tenants.callers import INSTALLATION, Actor, Caller, Origin, operator
from tenants.errors import Refused
from tenants.models import Space, Tenant
from tenants.scope import tenant_tx
from tests.world import World


def faults_after(break_it: str) -> list[tuple[str, str]]:
    """What the database's checks find once ``break_it`` is done, which nobody else sees: roles are all databases' alike."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        admin.execute(break_it)
        admin.execute("set local role engram_app")
        found = admin.execute(statements.load(isolation_queries.__file__)["isolation_faults"]).fetchall()
        admin.rollback()
        return found


@contextmanager
def opened(break_it: str, mend_it: str) -> Iterator[None]:
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(break_it)
        try:
            yield
        finally:
            admin.execute(mend_it)


def test_an_installation_as_it_is_made_passes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_isolation")
    told = capsys.readouterr().out
    assert told.endswith("ISOLATED: every check holds.\n")
    assert "failed" not in told


def test_scripts_get_one_object(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_isolation", "--json")
    results = {each["check"]: each["verdict"] for each in json.loads(capsys.readouterr().out)["results"]}
    assert set(results) == {*isolation.DATABASE_CHECKS, "settings", "live probe"}
    assert set(results.values()) <= {"ok", "warning"}


def test_the_probes_tenants_are_gone_afterwards(world: World) -> None:
    before = set(Tenant.objects.values_list("slug", flat=True))
    check_isolation(operator("tests"))
    assert set(Tenant.objects.values_list("slug", flat=True)) == before
    assert not Space.objects.filter(name__startswith="probe").exists()


@pytest.mark.parametrize(
    ("check", "said", "break_it"),
    [
        (
            "policies",
            "memory_memory has no enabled and forced",
            "alter table memory_memory no force row level security",
        ),
        ("policies", "memory_lexeme has 2 policies", "create policy open on memory_lexeme using (true)"),
        ("policies", "memory_forgotten has no enabled", "create table memory_forgotten (space_id uuid)"),
        ("grants", "memory_memory_p00 may be read past", "grant select on memory_memory_p00 to engram_app"),
        ("grants", "may truncate memory_tally", "grant truncate on memory_tally to engram_app"),
        ("grants", "may delete audit_auditevent", "grant delete on audit_auditevent to engram_app"),
        ("grants", "may make tables", "grant create on schema public to engram_app"),
        ("role", "bypasses policies", "alter role engram_app createdb"),
        ("role", "belongs to pg_read_all_data", "grant pg_read_all_data to engram_app"),
        ("role", "comes with the setting engram.space_id", "alter role engram_app set engram.space_id = 'x'"),
        ("owner", "does not bypass policies", "alter role engram_owner nobypassrls"),
        ("owner", "is a superuser", "alter role engram_owner superuser"),
        ("audit", "nothing stops a change of audit_auditevent", "alter table audit_auditevent disable trigger user"),
        ("functions", "is everybody's", "grant execute on function engram_space_sizes to public"),
        ("functions", "looks wherever", "alter function engram_space_sizes reset all"),
        ("views", "a_leak reads", "create view a_leak as select * from memory_memory"),
    ],
)
def test_a_lock_that_was_taken_away_is_found(database: None, check: str, said: str, break_it: str) -> None:
    assert [fault for of, fault in faults_after(break_it) if of == check and said in fault]
    assert faults_after("select") == []


def test_the_probe_gets_through_where_a_policy_is_open(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    policy = opened("create policy open on memory_memory using (true)", "drop policy open on memory_memory")
    with policy, pytest.raises(CommandError, match=r"NOT ISOLATED: policies, live probe\. Do not serve"):
        call_command("check_isolation")
    assert "a scope shows another space's memories" in capsys.readouterr().out


def test_only_an_operator_checks(world: World) -> None:
    with pytest.raises(Refused):
        check_isolation(Caller(INSTALLATION, Actor("key", "an-id", "a key"), {}, Origin()))


def test_checking_is_in_the_trail(world: World) -> None:
    check_isolation(operator("tests"))
    with tenant_tx(INSTALLATION):
        assert AuditEvent.objects.get(action="check_isolation").target == "ok"
