"""What somebody could try who talks SQL as the app's role."""

import os
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import FeatureNotSupported, ForeignKeyViolation, InsufficientPrivilege, ReadOnlySqlTransaction

from tests.isolation import catalogue
from tests.isolation.raw import Rivals, Side, inside, rows

TABLES = ["memory_memory", "memory_embedding", "memory_association", "memory_lexeme", "memory_idempotencykey"]

FORGED = {
    "memory_memory": """
        insert into memory_memory (space_id, content, content_hash, lexemes)
        values (%(space)s, 'forged', sha256('forged'), '')
    """,
    "memory_embedding": """
        insert into memory_embedding (space_id, memory_id, tier, vector) values (%(space)s, %(memory)s, 'hot', '[1]')
        on conflict (space_id, memory_id, tier) do update set vector = excluded.vector
    """,
    "memory_association": """
        insert into memory_association (space_id, source_id, target_id, kind, weight)
        values (%(space)s, %(memory)s, %(other)s, 'explicit', 1)
    """,
    "memory_lexeme": """
        insert into memory_lexeme (space_id, lexeme, memories) values (%(space)s, 'secret', 9)
        on conflict (space_id, lexeme) do update set memories = excluded.memories
    """,
    "memory_idempotencykey": """
        insert into memory_idempotencykey (space_id, actor_id, key, request_hash) values (%(space)s, '', 'forged', '')
    """,
}

POWERS = [
    "set role engram_owner",
    "set session authorization engram_owner",
    "alter role engram_app bypassrls",
    "alter table memory_memory disable row level security",
    "alter table memory_memory no force row level security",
    "drop policy memory_memory_space on memory_memory",
    "create policy everything on memory_memory using (true)",
    "alter policy memory_memory_space on memory_memory using (true)",
    "truncate memory_memory cascade",
    "truncate audit_auditevent",
    "alter table memory_memory owner to engram_app",
    "grant select on memory_memory_p00 to engram_app",
    "create table public.mine (id integer)",
    "create view public.mine as select * from memory_memory",
    "create function public.mine() returns integer language sql as 'select 1'",
    "create trigger mine before insert on memory_memory for each row execute function audit_refuse_change()",
    "alter function engram_check_space(uuid) rename to engram_checked_space",
    "set session_replication_role = replica",
    "copy memory_memory to '/dev/null'",
    "copy memory_memory to program 'cat'",
    "select pg_read_file('/etc/hostname')",
    "select * from pg_authid",
]


@pytest.mark.parametrize("table", TABLES)
def test_without_a_scope_nothing_is_visible(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    assert rows(app, f"select * from {table}") == []


@pytest.mark.parametrize("table", TABLES)
def test_inside_a_scope_only_ones_own_rows_are_visible(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    with inside(app, rivals.mine):
        assert rows(app, f"select distinct space_id from {table}") == [(rivals.mine.space,)]
    assert rows(app, f"select * from {table}") == []


@pytest.mark.parametrize("table", TABLES)
def test_a_foreign_row_is_neither_changed_nor_deleted(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    theirs = [rivals.theirs.space]
    with inside(app, rivals.mine):
        changed = app.execute(f"update {table} set space_id = space_id where space_id = %s", theirs).rowcount
        locked = rows(app, f"select 1 from {table} where space_id = %s for update", *theirs)
        deleted = app.execute(f"delete from {table} where space_id = %s", theirs).rowcount
    assert (changed, locked, deleted) == (0, [], 0)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_stored_for_another_space(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    theirs = {"space": rivals.theirs.space, "memory": rivals.theirs.memory, "other": rivals.theirs.other}
    with pytest.raises(InsufficientPrivilege, match="row-level security"), inside(app, rivals.mine):
        app.execute(FORGED[table], theirs)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_stored_without_a_scope(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    mine = {"space": rivals.mine.space, "memory": rivals.mine.memory, "other": rivals.mine.other}
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        app.execute(FORGED[table], mine)


@pytest.mark.parametrize("table", TABLES)
def test_no_row_moves_to_another_space(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    with pytest.raises(InsufficientPrivilege, match="row-level security"), inside(app, rivals.mine):
        app.execute(f"update {table} set space_id = %s", [rivals.theirs.space])


def test_an_id_that_another_space_has_is_free_in_ones_own(rivals: Rivals, app: psycopg.Connection) -> None:
    with inside(app, rivals.mine):
        app.execute(
            "insert into memory_memory (space_id, id, content, content_hash, lexemes) values (%s, %s, 'x', sha256('x'), '')",
            [rivals.mine.space, rivals.theirs.memory],
        )
        assert rows(app, "select content from memory_memory where id = %s", rivals.theirs.memory) == [("x",)]


@pytest.mark.parametrize("table", TABLES)
def test_copying_in_is_refused(rivals: Rivals, app: psycopg.Connection, table: str) -> None:
    with pytest.raises(FeatureNotSupported), inside(app, rivals.mine), app.cursor().copy(f"copy {table} from stdin"):
        pass


def test_copying_out_gives_ones_own_rows_alone(rivals: Rivals, app: psycopg.Connection) -> None:
    with inside(app, rivals.mine), app.cursor().copy("copy (select * from memory_memory) to stdout") as copy:
        text = b"".join(copy).decode()
    assert "Secret 1 of acme_s1." in text
    assert "globex_s1" not in text


def test_copying_out_a_table_gives_nothing(rivals: Rivals, app: psycopg.Connection) -> None:
    # Under policies PostgreSQL copies the parent table alone, and every row is in a partition.
    with inside(app, rivals.mine), app.cursor().copy("copy memory_memory to stdout") as copy:
        assert b"".join(copy) == b""


@pytest.mark.parametrize("role", ["app", "owner"])
def test_no_association_reaches_across_spaces_whoever_makes_it(
    rivals: Rivals, request: pytest.FixtureRequest, role: str
) -> None:
    connection = request.getfixturevalue(role)
    ends = {"space": rivals.mine.space, "memory": rivals.mine.memory, "other": rivals.theirs.memory}
    with pytest.raises(ForeignKeyViolation), inside(connection, rivals.mine):
        connection.execute(FORGED["memory_association"], ends)
    with pytest.raises(ForeignKeyViolation), inside(connection, rivals.mine):
        connection.execute(FORGED["memory_association"], {**ends, "memory": ends["other"], "other": ends["memory"]})


@pytest.mark.parametrize("role", ["app", "owner"])
def test_an_embedding_stands_in_its_memorys_space_and_tier(
    rivals: Rivals, request: pytest.FixtureRequest, role: str
) -> None:
    connection = request.getfixturevalue(role)
    insert = "insert into memory_embedding (space_id, memory_id, tier, vector) values (%s, %s, %s, '[1]')"
    with pytest.raises(ForeignKeyViolation), inside(connection, rivals.mine):
        connection.execute(insert, [rivals.mine.space, rivals.mine.memory, "warm"])
    with pytest.raises(ForeignKeyViolation), inside(connection, rivals.mine):
        connection.execute(insert, [rivals.mine.space, rivals.theirs.memory, "hot"])
    with pytest.raises(ForeignKeyViolation), inside(connection, rivals.mine):
        connection.execute("update memory_embedding set tier = 'cold' where memory_id = %s", [rivals.mine.memory])


def test_a_foreign_id_fails_as_an_id_of_none(rivals: Rivals, app: psycopg.Connection) -> None:
    insert = "insert into memory_embedding (space_id, memory_id, tier, vector) values (%s, %s, 'hot', '[1]')"
    nothing = uuid4()
    with pytest.raises(ForeignKeyViolation) as foreign, inside(app, rivals.mine):
        app.execute(insert, [rivals.mine.space, rivals.theirs.memory])
    with pytest.raises(ForeignKeyViolation) as unknown, inside(app, rivals.mine):
        app.execute(insert, [rivals.mine.space, nothing])
    told = (foreign.value.diag.message_detail or "").replace(str(rivals.theirs.memory), str(nothing))
    assert told == unknown.value.diag.message_detail


@pytest.mark.parametrize("statement", POWERS)
def test_the_app_has_no_power_to_lift_its_limits(app: psycopg.Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        app.execute(statement)


def test_asking_to_read_past_the_policies_is_an_error(rivals: Rivals, app: psycopg.Connection) -> None:
    app.execute("set row_security = off")
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        app.execute("select * from memory_memory")


def test_a_function_of_the_attackers_own_is_shown_their_own_rows_alone(rivals: Rivals, app: psycopg.Connection) -> None:
    seen: list[str] = []
    app.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
    app.execute(
        """
        create function pg_temp.peek(text) returns boolean language plpgsql cost 0.0001
        as $$ begin raise notice '%', $1; return true; end $$
        """
    )
    with inside(app, rivals.mine):
        app.execute("select count(*) from memory_memory where pg_temp.peek(content)")
    assert "Secret 1 of acme_s1." in seen
    assert [text for text in seen if "globex" in text] == []


def test_the_planners_statistics_show_nothing(
    rivals: Rivals, admin: psycopg.Connection, app: psycopg.Connection
) -> None:
    admin.execute("analyze memory_memory, memory_embedding")
    assert rows(app, "select tablename from pg_stats where starts_with(tablename, 'memory')") == []


def _definer_functions() -> list[catalogue.Function]:
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        return [function for function in catalogue.definer_functions(admin) if "p_space_id" in function.arguments]


@pytest.mark.parametrize("function", _definer_functions(), ids=lambda function: function.name)
def test_a_definer_function_works_on_the_transactions_space_alone(
    rivals: Rivals, app: psycopg.Connection, function: catalogue.Function
) -> None:
    rest = "".join(f", {name} => null" for name in function.arguments[1:])
    call = f"select * from {function.name}(p_space_id => %s{rest})"
    with pytest.raises(InsufficientPrivilege, match="not opened for this space"), inside(app, rivals.mine):
        app.execute(call, [rivals.theirs.space])
    with pytest.raises(InsufficientPrivilege, match="not opened for this space"), inside(app, rivals.mine):
        app.execute(call, [None])
    with pytest.raises(InsufficientPrivilege, match="not opened for this space"):
        app.execute(call, [rivals.mine.space])


def test_a_definer_function_is_not_fooled_by_a_table_or_guard_of_the_attackers(
    rivals: Rivals, app: psycopg.Connection
) -> None:
    app.execute("create temp table memory_embedding as select * from public.memory_embedding")
    app.execute("create function pg_temp.engram_check_space(uuid) returns void language sql as ''")
    app.execute("set search_path = pg_temp, public")
    seeds = """
        select memory_id from public.engram_semantic_seeds(%s, array_fill(1, array[384])::vector::halfvec, '{hot}', '{}', 99, 40)
    """
    with inside(app, rivals.mine):
        assert (rivals.mine.memory,) in rows(app, seeds, rivals.mine.space)
    with pytest.raises(InsufficientPrivilege, match="not opened for this space"), inside(app, rivals.mine):
        app.execute(seeds, [rivals.theirs.space])


NEAREST = {
    "a query": """
        select space_id from memory_embedding
        order by vector <=> array_fill(1, array[384])::vector::halfvec
        limit 10
    """,
    "a function": """
        select m.space_id
        from engram_semantic_seeds(
            current_setting('engram.space_id')::uuid, array_fill(1, array[384])::vector::halfvec, '{hot}', '{}', 10, 40
        ) s
        join memory_memory m on m.id = s.memory_id
    """,
}


def _nearest(app: psycopg.Connection, side: Side, asked: str) -> list[UUID]:
    with inside(app, side):
        return [space for (space,) in rows(app, NEAREST[asked])]


@pytest.mark.parametrize("asked", NEAREST)
@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
def test_a_plan_made_for_one_space_serves_another_its_own_rows_and_all_of_them(
    rivals: Rivals, app: psycopg.Connection, mode: str, asked: str
) -> None:
    app.prepare_threshold = 0
    app.execute(f"set plan_cache_mode = {mode}")
    assert [_nearest(app, rivals.mine, asked) for _ in range(8)] == [[rivals.mine.space] * 10] * 8
    assert [_nearest(app, rivals.theirs, asked) for _ in range(8)] == [[rivals.theirs.space] * 10] * 8


@pytest.fixture
def open_view(owner: psycopg.Connection) -> Iterator[str]:
    """A mistake: a view that its owner made without ``security_invoker`` and gave to the app."""
    owner.execute("create view every_memory as select * from memory_memory")
    owner.execute("grant select on every_memory to engram_app")
    yield "every_memory"
    owner.execute("drop view every_memory")


def test_a_view_with_its_owners_rights_would_leak_and_is_caught(
    rivals: Rivals, app: psycopg.Connection, owner: psycopg.Connection, open_view: str
) -> None:
    with inside(app, rivals.mine):
        leaked = rows(app, f"select distinct space_id from {open_view}")
    assert (rivals.theirs.space,) in leaked
    assert catalogue.open_views(owner) == [open_view]


def test_the_backups_role_changes_nothing(rivals: Rivals) -> None:
    with psycopg.connect(os.environ["DATABASE_BACKUP_URL"], autocommit=True) as backup:
        assert (rivals.theirs.space,) in rows(backup, "select distinct space_id from memory_memory")
        with pytest.raises(ReadOnlySqlTransaction):
            backup.execute("delete from memory_memory")
        backup.execute("set default_transaction_read_only = off")
        with pytest.raises(InsufficientPrivilege):
            backup.execute("delete from memory_memory")
