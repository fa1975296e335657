"""What every test can use: a database it may write to as the app's role, a cast of tenants, and clients with tokens."""

import atexit
import os
from collections.abc import Iterator
from functools import cache

import psycopg
import pytest
import redis
from django.conf import LazySettings
from django.db import connection
from django.test import override_settings
from hypothesis import settings as hypothesis_settings

from tenants.callers import current_request
from tests.limits import last
from tests.world import World, build_world

# A machine that pauses is no counterexample.
hypothesis_settings.register_profile("engram", deadline=None)
hypothesis_settings.load_profile("engram")

EMPTIED = [
    "memory_importalias", "memory_importpart", "memory_import",
    "memory_idempotencykey", "memory_lexeme", "memory_unlinked", "memory_entity",
    "memory_association", "memory_embedding", "memory_memory", "memory_tally", "memory_reinforcement",
    "audit_auditseal", "audit_expiredseal", "audit_auditevent", "audit_spaceusage", "audit_tenantusage", "audit_usageprogress",
    "tenants_refreshtoken", "tenants_apikeyspace", "tenants_apikey", "tenants_signingkey",
    "tenants_grant", "tenants_erasure", "tenants_taskrun", "tenants_deadletter", "tenants_breakglass",
    "tenants_space", "tenants_teammember", "tenants_team", "tenants_membership", "tenants_tenant",
    "django_admin_log", "django_session", "auth_user_groups", "auth_user_user_permissions", "auth_user",
]  # fmt: skip

END_OTHERS = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
"""


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already: see ``tests.servers``."""


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real transactions as the app's role; whatever a test leaves is deleted after it."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connection.close()
    empty_database()


@pytest.fixture(scope="module")
def standing_database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """What a module's tests share: they undo what they do, or do it to what was made for them alone."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with override_settings(PASSWORD_HASHERS=hashers):
            yield
        connection.close()
    empty_database()


def empty_database() -> None:
    url, sweep = os.environ["ENGRAM_TEST_ADMIN_URL"], "select pg_temp.sweep()"
    try:
        _sweeper(url).execute(sweep)
    except psycopg.OperationalError:
        # The test restarted the server, or failed and left a worker in the middle of something.
        _sweeper(url).close()
        _sweeper.cache_clear()
        _sweeper(url).execute(END_OTHERS)
        _sweeper(url).execute(sweep)


@cache
def _sweeper(url: str) -> psycopg.Connection:
    """A connection that outlives the tests: it plans its deletions once."""
    admin = psycopg.connect(url, autocommit=True)
    atexit.register(admin.close)
    # A superuser's replica session skips the triggers that make the audit trail append-only.
    admin.execute("set session_replication_role = replica")
    sweep = ";".join(f"delete from {table}" for table in EMPTIED)
    admin.execute(f"create function pg_temp.sweep() returns void language plpgsql as $$ begin {sweep}; end $$")
    return admin


@pytest.fixture
def world(database: None) -> World:
    """Two tenants and their spaces, keys and tokens, made by the services."""
    return build_world()


@pytest.fixture
def endless_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of a rate lasts a minute: a slow machine does not come to its end between two requests of a test."""
    last(monkeypatch, 60)


@pytest.fixture
def long_second(monkeypatch: pytest.MonkeyPatch) -> float:
    """The second of a rate lasts three; what is given is how long to wait for its end."""
    last(monkeypatch, 3)
    return 3.05


@pytest.fixture(autouse=True)
def quick_settings(settings: LazySettings) -> None:
    # Without it every test client looks through all static files.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def outside_of_requests() -> None:
    """A client that does not close its response leaves the request's id behind, as no server does."""
    current_request.set("")
