"""The audit trail takes rows and gives none back, whoever asks."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

THIS_MONTH = f"audit_auditevent_{datetime.now(UTC):%Y%m}"
TABLES = [
    "audit_auditevent",
    THIS_MONTH,
    "audit_auditevent_default",
    "audit_auditseal",
    THIS_MONTH.replace("event", "seal"),
    "audit_auditseal_default",
]
ROLES = {"the app": "DATABASE_URL", "the owner": "DATABASE_OWNER_URL", "a superuser": "ENGRAM_TEST_ADMIN_URL"}
CHANGES = ["update {} set tenant_id = tenant_id", "delete from {}", "truncate {}"]


@pytest.fixture
def recorded(database: None) -> None:
    """A row of this month, and one of a month that has no partition of its own."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(
            """
            insert into audit_auditevent (at, tenant_id, actor_kind, action, outcome, request_id, duration_ms)
            select at, uuidv7(), 'system', 'remember', 'allowed', 'a request', 0
            from unnest(array[now(), '1999-01-01']) at
            """
        )
        owner.execute(
            """
            insert into audit_auditseal
                (tenant_id, number, first_at, through_at, through_id, events, previous, manifest, digest)
            select uuidv7(), 1, at, at, uuidv7(), 1, '', '', '' from unnest(array[now(), '1999-01-01']) at
            """
        )


@pytest.fixture(params=ROLES)
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """An ordinary session of each sort of role."""
    with psycopg.connect(os.environ[ROLES[request.param]], autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_or_removes_what_was_recorded(
    connection: psycopg.Connection, recorded: None, change: str, table: str
) -> None:
    with pytest.raises(InsufficientPrivilege):
        connection.execute(sql.SQL(change).format(sql.Identifier(table)))


def test_a_month_made_later_is_as_append_only_as_the_first(database: None) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute("select audit_make_partitions(24)")
        latest = owner.execute(
            "select max(relname) from pg_class where relispartition and relname ~ '^audit_auditevent_[0-9]{6}$'"
        ).fetchone()
        assert latest is not None
        with pytest.raises(InsufficientPrivilege):
            owner.execute(sql.SQL("truncate {}").format(sql.Identifier(latest[0])))
        owner.rollback()


@pytest.mark.parametrize("months", [-1, 25])
def test_the_app_has_no_more_months_made_than_are_sensible(database: None, months: int) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app, pytest.raises(InvalidParameterValue, match="0 to 24"):
        app.execute("select audit_make_partitions(%s)", [months])
