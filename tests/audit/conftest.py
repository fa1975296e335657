from uuid import UUID

import pytest

from audit.services import seals
from tenants.models import Tenant
from tests.audit.sealed import Tamper, as_owner, as_superuser, make_events, settle
from tests.world import World


@pytest.fixture
def acme(world: World) -> UUID:
    """A tenant with five events of its own making, sealed, and five more, sealed too."""
    tenant_id = Tenant.objects.get(slug="acme").id
    with as_superuser() as admin:
        admin.execute("delete from audit_auditevent")
    for _ in range(2):
        make_events(tenant_id)
        settle()
        seals.seal_events(tenant_id)
    return tenant_id


@pytest.fixture(params=[as_owner, as_superuser], ids=["the owner", "a superuser"])
def tamper(request: pytest.FixtureRequest) -> Tamper:
    def run(statement: str) -> None:
        with request.param() as connection:
            connection.execute(statement)

    return run
