"""Making connections ready: it searches for real, finds nothing and leaves nothing."""

from django.db import connection

from audit.models import AuditEvent
from memory.warming import warm_connections
from tenants.models import Tenant
from tenants.scope import tenant_tx
from tests.world import World


def test_connections_are_made_ready_at_once_and_nothing_is_recorded(world: World) -> None:
    acme = Tenant.objects.get(slug="acme").id
    with tenant_tx(acme):
        before = AuditEvent.objects.count()
    warm_connections(4)
    with tenant_tx(acme):
        assert AuditEvent.objects.count() == before
    assert connection.in_atomic_block is False
