"""Making connections ready: it searches for real on each, finds nothing and leaves nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from audit.models import AuditEvent
from memory import queries
from memory.warming import warm_connections
from tenants.models import Tenant
from tenants.scope import SpaceScope, tenant_tx
from tests.world import World


@pytest.fixture
def pooled(world: World) -> Iterator[None]:
    """Django's pool, as a web process has it."""
    plain = connections["default"]
    options = {**plain.settings_dict["OPTIONS"], "pool": {"min_size": 3, "max_size": 3, "timeout": 10}}
    wrapper = DatabaseWrapper({**plain.settings_dict, "CONN_MAX_AGE": 0, "OPTIONS": options}, "default")
    connections["default"] = wrapper
    connections.settings["default"] = wrapper.settings_dict
    yield
    wrapper.close()
    wrapper.close_pool()
    connections.settings["default"] = plain.settings_dict
    connections["default"] = plain


def test_each_connection_of_the_pool_searches_once_and_nothing_is_recorded(
    pooled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = Tenant.objects.get(slug="acme").id
    with tenant_tx(acme):
        before = AuditEvent.objects.count()
    connection.close()
    search, backends = queries.recall, []

    def noted(scope: SpaceScope, call: queries.RecallCall) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            backends.append(cursor.fetchone())
        return search(scope, call)

    monkeypatch.setattr(queries, "recall", noted)
    warm_connections()
    assert len(backends) == len(set(backends)) == 3
    with tenant_tx(acme):
        assert AuditEvent.objects.count() == before


def test_without_a_pool_there_is_nothing_to_do(world: World) -> None:
    warm_connections()
    assert connection.in_atomic_block is False
