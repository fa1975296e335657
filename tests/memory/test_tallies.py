"""The tallies: how many memories a space holds in each tier, and how many bytes of text, kept by triggers."""

import os
import time
from collections.abc import Callable
from importlib import import_module

import psycopg
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.models import Tier
from memory.records import NewMemory
from memory.services.remember import remember
from tenants.scope import space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.world import World, scope_of

EAST = [1.0, 0.0]
Tallies = dict[str, tuple[int, int]]

COUNTED = """
select tier, count(*), sum(octet_length(content) + octet_length(metadata::text))::bigint
from memory_memory where space_id = %(space_id)s group by tier
"""
TALLIED = """
select tier, sum(memories)::bigint, sum(bytes)::bigint
from memory_tally where space_id = %(space_id)s group by tier having sum(memories) <> 0 or sum(bytes) <> 0
"""


def counted(space: str) -> Tallies:
    """Each tier's memories and bytes of text, counted row by row."""
    return _by_tier(space, COUNTED)


def tallied(space: str) -> Tallies:
    """The same, as the triggers added it up."""
    return _by_tier(space, TALLIED)


def _by_tier(space: str, statement: str) -> Tallies:
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(statement, {"space_id": scope.space_id})
        return {tier: (memories, text_bytes) for tier, memories, text_bytes in cursor.fetchall()}


def execute(space: str, statement: str) -> None:
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(statement, {"space_id": scope.space_id})


def write_one_by_one(space: str, contents: list[str]) -> float:
    """The seconds it takes to remember these, each in a transaction of its own."""
    scope = scope_of(space)
    began = time.perf_counter()
    for content in contents:
        remember(scope, NewMemory(content, embedding=EAST))
    return time.perf_counter() - began


def test_an_empty_space_tallies_to_nothing(plane: SpaceApi) -> None:
    assert tallied("acme_plane") == {}


def test_a_memory_is_tallied_with_its_bytes_of_text(plane: SpaceApi) -> None:
    plane.remember("Ωμέγα", metadata={"a": 1}, embedding=EAST)
    # Ten bytes of content, and eight of {"a": 1}.
    assert tallied("acme_plane") == counted("acme_plane") == {"hot": (1, 18)}


def test_a_batch_is_tallied_whole(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(1_000)])
    assert tallied("acme_plane") == counted("acme_plane")
    assert tallied("acme_plane")["hot"][0] == 1_000


def test_a_duplicate_is_not_tallied_again(plane: SpaceApi) -> None:
    plane.remember("Once.", embedding=EAST)
    before = tallied("acme_plane")
    plane.remember("Once.", embedding=EAST, metadata={"ignored": True})
    assert tallied("acme_plane") == before == counted("acme_plane")


def test_a_batch_of_new_and_known_memories_tallies_the_new(plane: SpaceApi) -> None:
    plane.remember("Known.", embedding=EAST)
    plane.batch([{"content": content, "embedding": EAST} for content in ("Known.", "New.", "New.", "Newer.")])
    assert tallied("acme_plane") == counted("acme_plane")
    assert tallied("acme_plane")["hot"][0] == 3


def test_new_content_and_metadata_change_the_bytes_alone(plane: SpaceApi) -> None:
    memory_id = plane.remember("Short.", embedding=EAST)
    assert plane.patch(f"memories/{memory_id}/", {"content": "Rather longer.", "embedding": EAST}).status_code == 200
    assert plane.patch(f"memories/{memory_id}/", {"metadata": {"tags": ["a", "b"]}}).status_code == 200
    assert tallied("acme_plane") == counted("acme_plane") == {"hot": (1, 34)}


def test_a_forgotten_memory_is_taken_off(plane: SpaceApi) -> None:
    first, second = plane.batch([{"content": content, "embedding": EAST} for content in ("One.", "Two.")])
    plane.associate(first, second)
    assert plane.delete(f"memories/{first}/").status_code == 204
    assert tallied("acme_plane") == counted("acme_plane") == {"hot": (1, 6)}
    assert plane.delete(f"memories/{second}/").status_code == 204
    assert tallied("acme_plane") == counted("acme_plane") == {}


def test_a_memory_that_moves_is_tallied_where_it_went(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(5)])
    plane.change_row(ids[0], tier=Tier.WARM)
    plane.change_row(ids[1], tier=Tier.COLD)
    assert tallied("acme_plane") == counted("acme_plane") == {"hot": (3, 33), "warm": (1, 11), "cold": (1, 11)}


def test_one_statement_that_moves_many_is_tallied_whole(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(40)])
    execute(
        "acme_plane",
        "update memory_memory set tier = (array['hot', 'warm', 'cold'])[1 + get_byte(content_hash, 0) %% 3]"
        " where space_id = %(space_id)s",
    )
    assert tallied("acme_plane") == counted("acme_plane")
    assert set(tallied("acme_plane")) == {"hot", "warm", "cold"}


def test_one_statement_that_deletes_all_is_tallied_whole(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(20)])
    plane.change_row(ids[0], tier=Tier.COLD)
    execute("acme_plane", "delete from memory_memory where space_id = %(space_id)s")
    assert tallied("acme_plane") == counted("acme_plane") == {}


def test_what_is_rolled_back_is_not_tallied(plane: SpaceApi) -> None:
    plane.remember("Kept.", embedding=EAST)
    scope = scope_of("acme_plane")
    with space_tx(scope):
        remember(scope, NewMemory("Taken back.", embedding=EAST))
        transaction.set_rollback(True)
    assert tallied("acme_plane") == counted("acme_plane") == {"hot": (1, 7)}


def test_rows_that_come_by_copy_are_tallied(plane: SpaceApi) -> None:
    scope = scope_of("acme_plane")
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute("create temporary table incoming (content text, tier text) on commit drop")
        with cursor.copy("copy incoming from stdin") as copy:
            for n in range(300):
                copy.write_row((f"Copied {n}.", ("hot", "warm", "cold")[n % 3]))
        cursor.execute(
            "insert into memory_memory (space_id, content, content_hash, tier, lexemes)"
            " select %s, content, sha256(content::bytea), tier, engram_lexemes(content, 'english') from incoming",
            [scope.space_id],
        )
    assert tallied("acme_plane") == counted("acme_plane")
    assert {tier: memories for tier, (memories, _) in tallied("acme_plane").items()} == {
        "hot": 100,
        "warm": 100,
        "cold": 100,
    }


def test_one_spaces_writes_leave_anothers_tallies_alone(acme: SpaceApi, globex: SpaceApi) -> None:
    before = tallied("globex_s1")
    acme.remember("Only here.")
    assert tallied("globex_s1") == before == counted("globex_s1")


def test_no_space_sees_anothers_tallies(acme: SpaceApi, globex: SpaceApi) -> None:
    with space_tx(scope_of("acme_s1")), connection.cursor() as cursor:
        cursor.execute("select distinct space_id from memory_tally")
        assert cursor.fetchall() == [(scope_of("acme_s1").space_id,)]


def test_memories_from_before_the_tallies_are_counted_by_the_migration(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(30)])
    plane.change_row(ids[0], tier=Tier.WARM)
    space_id, expected = scope_of("acme_plane").space_id, counted("acme_plane")
    migration = import_module("memory.migrations.0003_tallies").Migration
    steps = migration.operations[0].database_operations
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        for step in reversed(steps):
            owner.execute(step.reverse_sql)
        for step in steps:
            owner.execute(step.sql)
        found = owner.execute(TALLIED, {"space_id": space_id}).fetchall()
        owner.rollback()
    assert {tier: (memories, text_bytes) for tier, memories, text_bytes in found} == expected


def _insert(n: int) -> str:
    return f"""
        insert into memory_memory (space_id, content, content_hash, lexemes)
        select %(space_id)s, repeat('é', k), sha256(k::text::bytea), ''
        from generate_series({n}, {n} + 3) k
        on conflict (space_id, content_hash) do update set recall_count = 0, metadata = jsonb_build_object('k', {n})
    """


def _move(n: int) -> str:
    return f"""
        update memory_memory set tier = (array['hot', 'warm', 'cold'])[1 + (length(content) + {n}) %% 3]
        where space_id = %(space_id)s and length(content) > {n}
    """


def _rewrite(n: int) -> str:
    return f"""
        update memory_memory set content = repeat('x', {n}), metadata = jsonb_build_object('n', repeat('y', {n}))
        where space_id = %(space_id)s and length(content) %% 4 = {n} %% 4
    """


def _delete(n: int) -> str:
    return f"delete from memory_memory where space_id = %(space_id)s and length(content) %% 5 = {n} %% 5"


def _fail(n: int) -> str:
    """All of the above, and then an error that takes it back. A block takes no parameters."""
    block = f"""
        do $$ begin
            {_insert(n)}; {_move(n)}; {_delete(n)}; raise division_by_zero;
        exception when division_by_zero then
        end $$
    """
    return block.replace("%(space_id)s", "current_setting('engram.space_id')::uuid")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([_insert, _insert, _move, _rewrite, _delete, _fail]), st.integers(0, 12)),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_happens_the_tallies_are_what_counting_gives(
    plane: SpaceApi, steps: list[tuple[Callable[[int], str], int]]
) -> None:
    for statement, n in steps:
        execute("acme_plane", statement(n))
        assert tallied("acme_plane") == counted("acme_plane")


def test_writers_at_the_same_time_are_all_tallied_and_do_not_wait_for_each_other(plane: SpaceApi, world: World) -> None:
    alone = write_one_by_one("acme_plane", [f"Alone {n}." for n in range(100)])
    began = time.perf_counter()
    at_once(*[lambda t=t: write_one_by_one("acme_plane", [f"Thread {t}, {n}." for n in range(50)]) for t in range(4)])
    together = time.perf_counter() - began
    assert tallied("acme_plane") == counted("acme_plane")
    assert tallied("acme_plane")["hot"][0] == 300
    # Twice the writes on the same cores.
    assert together < 6 * alone


def test_a_session_writes_one_share_of_the_tally_so_that_others_need_not_wait_for_it(plane: SpaceApi) -> None:
    scope = scope_of("acme_plane")
    with space_tx(scope), connection.cursor() as cursor:
        remember(scope, NewMemory("Not committed yet.", embedding=EAST))
        cursor.execute(
            "select pg_backend_pid() %% 16, array_agg(shard) from memory_tally where space_id = %s", [scope.space_id]
        )
        ((own, shards),) = cursor.fetchall()
    assert shards == [own]
