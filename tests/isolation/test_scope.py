"""The scope of a transaction: what it shows, how it nests, and that it ends."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tenants.callers import operator
from tenants.errors import NotFound
from tenants.models import Space
from tenants.scope import ScopeError, SpaceScope, space_tx, tenant_tx
from tests.isolation.raw import Rivals
from tests.isolation.steps import STEPS, Model, Walk

MINE, THEIRS, SIBLING = "acme_s1", "globex_s1", "acme_s10"


def scope(name: str) -> SpaceScope:
    return SpaceScope.for_operator(operator("tests"), name)


def visible() -> set[UUID]:
    """The spaces whose memories the connection sees."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct space_id from memory_memory")
        return {space for (space,) in cursor.fetchall()}


def audited() -> set[UUID]:
    """The tenants whose trails the connection sees."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct tenant_id from audit_auditevent")
        return {tenant for (tenant,) in cursor.fetchall()}


def bound() -> tuple[str, str]:
    """The settings that row-level security reads."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('engram.space_id', true), current_setting('engram.tenant_id', true)")
        space, tenant = cursor.fetchone()
        return space or "", tenant or ""


def test_the_suite_runs_as_a_role_that_policies_bind(rivals: Rivals) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper or rolbypassrls from pg_roles where rolname = current_user")
        assert cursor.fetchone() == ("engram_app", False)


def test_a_scope_shows_its_space_and_its_tenants_trail(rivals: Rivals) -> None:
    with space_tx(scope(MINE)):
        assert visible() == {rivals.mine.space}
        assert audited() == {rivals.mine.tenant}


def test_a_tenants_transaction_shows_its_trail_and_no_space(rivals: Rivals) -> None:
    with tenant_tx(rivals.mine.tenant):
        assert (visible(), audited()) == (set(), {rivals.mine.tenant})


def test_outside_of_every_scope_nothing_shows(rivals: Rivals) -> None:
    with space_tx(scope(MINE)):
        pass
    assert (visible(), audited(), bound()) == (set(), set(), ("", ""))
    with transaction.atomic():
        assert (visible(), audited()) == (set(), set())


def test_the_same_space_nests(rivals: Rivals) -> None:
    with space_tx(scope(MINE)):
        with space_tx(scope(MINE)):
            assert visible() == {rivals.mine.space}
        assert visible() == {rivals.mine.space}
    assert visible() == set()


def test_a_space_nests_in_its_tenant_and_gives_way_to_it_again(rivals: Rivals) -> None:
    with tenant_tx(rivals.mine.tenant):
        with space_tx(scope(MINE)):
            assert visible() == {rivals.mine.space}
        assert (visible(), audited()) == (set(), {rivals.mine.tenant})
        with space_tx(scope(SIBLING)):
            assert visible() == {Space.objects.get(name=SIBLING).id}


def test_another_space_does_not_nest(rivals: Rivals) -> None:
    with space_tx(scope(MINE)):
        with pytest.raises(ScopeError, match="Already inside space"), space_tx(scope(SIBLING)):
            pass
        assert visible() == {rivals.mine.space}


def test_another_tenant_does_not_nest(rivals: Rivals) -> None:
    with tenant_tx(rivals.mine.tenant):
        with pytest.raises(ScopeError, match="Already inside tenant"), tenant_tx(rivals.theirs.tenant):
            pass
        with pytest.raises(ScopeError, match="Already inside tenant"), space_tx(scope(THEIRS)):
            pass
        assert audited() == {rivals.mine.tenant}


def test_a_space_is_not_left_for_its_tenant_from_the_inside(rivals: Rivals) -> None:
    with space_tx(scope(MINE)), pytest.raises(ScopeError, match="Already inside space"), tenant_tx(rivals.mine.tenant):
        pass


def test_after_a_scope_its_savepoint_leaves_nothing_in_the_outer_transaction(rivals: Rivals) -> None:
    with transaction.atomic():
        with space_tx(scope(MINE)):
            assert visible() == {rivals.mine.space}
        assert (visible(), audited(), bound()) == (set(), set(), ("", ""))
        with space_tx(scope(THEIRS)):
            assert visible() == {rivals.theirs.space}
        assert visible() == set()


def _fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1 / 0")


def test_a_failed_scope_leaves_nothing_in_the_outer_transaction(rivals: Rivals) -> None:
    with transaction.atomic():
        with suppress(DatabaseError), space_tx(scope(MINE)):
            _fail()
        assert (visible(), bound()) == (set(), ("", ""))
    assert visible() == set()


def _swallow_an_error_inside() -> None:
    with space_tx(scope(MINE)), suppress(DatabaseError):
        _fail()


def test_a_database_error_swallowed_inside_an_inner_scope_comes_out_at_its_end(rivals: Rivals) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        _swallow_an_error_inside()
    assert (visible(), bound()) == (set(), ("", ""))


def test_a_raised_error_leaves_nothing_behind(rivals: Rivals) -> None:
    with pytest.raises(LookupError), space_tx(scope(MINE)):
        raise LookupError
    assert visible() == set()
    with space_tx(scope(THEIRS)):
        assert visible() == {rivals.theirs.space}


def test_what_is_done_on_commit_runs_without_a_scope(rivals: Rivals) -> None:
    seen: list[object] = []
    with space_tx(scope(MINE)):
        transaction.on_commit(lambda: seen.append((visible(), audited(), bound())))
        transaction.on_commit(lambda: seen.append(_entered(THEIRS)))
    assert seen == [(set(), set(), ("", "")), {rivals.theirs.space}]


def _entered(name: str) -> set[UUID]:
    with space_tx(scope(name)):
        return visible()


def _in_a_thread(ask: Callable[[], object]) -> object:
    def asked() -> object:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def test_a_thread_inherits_no_scope(rivals: Rivals) -> None:
    with space_tx(scope(MINE)):
        assert _in_a_thread(visible) == set()
        assert _in_a_thread(lambda: _entered(THEIRS)) == {rivals.theirs.space}
        assert visible() == {rivals.mine.space}


def test_scopes_of_threads_do_not_mix(rivals: Rivals) -> None:
    together = threading.Barrier(2, timeout=10)

    def look(name: str) -> list[set[UUID]]:
        try:
            with space_tx(scope(name)):
                return [_after(together, visible) for _ in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.map(look, [MINE, THEIRS])
    assert mine == [{rivals.mine.space}] * 20
    assert theirs == [{rivals.theirs.space}] * 20


def _after(barrier: threading.Barrier, ask: Callable[[], set[UUID]]) -> set[UUID]:
    barrier.wait()
    return ask()


def test_a_task_works_in_its_space_and_fails_for_one_that_is_gone(rivals: Rivals) -> None:
    with space_tx(SpaceScope.for_task(rivals.mine.space)):
        assert visible() == {rivals.mine.space}
    with pytest.raises(ScopeError, match="There is no space"):
        SpaceScope.for_task(uuid4())


def test_an_operators_command_may_write_and_not_look(rivals: Rivals) -> None:
    assert scope(MINE).permissions == {"write"}
    with pytest.raises(NotFound):
        scope("no_such_space")


@pytest.fixture
def pooled(rivals: Rivals) -> Iterator[None]:
    """Django's pool with one connection: whoever comes next gets the one that was just given back."""
    plain = connections["default"]
    options = {**plain.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 10}}
    wrapper = DatabaseWrapper({**plain.settings_dict, "OPTIONS": options, "CONN_MAX_AGE": 0}, "default")
    connections["default"] = wrapper
    yield
    wrapper.close()
    wrapper.close_pool()
    connections["default"] = plain


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
        return int(pid)


def test_a_connection_given_back_to_the_pool_carries_nothing(rivals: Rivals, pooled: None) -> None:
    with space_tx(scope(MINE), durable=False):
        first = _backend()
        assert visible() == {rivals.mine.space}
    connection.close()
    assert _backend() == first
    assert (visible(), audited(), bound()) == (set(), set(), ("", ""))


def _leave_in_the_middle() -> None:
    with space_tx(scope(MINE)):
        raise LookupError


def test_a_connection_left_in_the_middle_carries_nothing(rivals: Rivals, pooled: None) -> None:
    first = _backend()
    with pytest.raises(LookupError):
        _leave_in_the_middle()
    connection.close()
    assert _backend() == first
    assert (visible(), bound()) == (set(), ("", ""))


def test_the_pool_would_keep_what_is_set_for_a_session(rivals: Rivals, pooled: None) -> None:
    """Why nothing may be: the next caller would see it, up to the next ``space_tx``."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('engram.space_id', %s, false)", [str(rivals.mine.space)])
    connection.close()
    assert visible() == {rivals.mine.space}
    with space_tx(scope(THEIRS)):
        assert visible() == {rivals.theirs.space}


def test_no_code_of_ours_sets_anything_for_a_session() -> None:
    apps = [Path(settings.BASE_DIR) / name for name in ("tenants", "memory", "audit", "engram_site")]
    texts = [path.read_text() for app in apps for pattern in ("*.py", "*.sql") for path in app.rglob(pattern)]
    set_to = [found for text in texts for found in re.findall(r"set_config\('([\w.]+)'.*?, (true|false)\)", text)]
    assert len(set_to) == sum(text.count("set_config(") for text in texts) >= 3
    # An index is built in no transaction, by the owner, on a connection of its own.
    assert {name for name, local in set_to if local == "false"} == {"maintenance_work_mem"}
    assert [text for text in texts if re.search(r"\bset\s+(session\s+)?engram\.", text, re.IGNORECASE)] == []


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_what_shows_is_the_innermost_scopes_whatever_was_entered_left_and_raised(
    rivals: Rivals, steps: list[str]
) -> None:
    model, walk = Model(rivals), Walk(scope, rivals)
    with ExitStack() as stack:
        stack.callback(walk.leave_all)
        for step in steps:
            assert walk.take(step) == model.take(step), step
            assert (visible(), audited()) == model.sees(), step
    assert (visible(), bound()) == (set(), ("", ""))
