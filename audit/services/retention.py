"""How long the trail is kept."""

from audit import queries
from tenants.callers import Caller
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import tenant_tx
from tenants.services.access import require_operator

LEAST_MONTHS, MOST_MONTHS = 3, 1_200


def keep_audit(operator: Caller, months: int) -> None:
    """Keep the trail for ``LEAST_MONTHS`` to ``MOST_MONTHS`` whole months. Runs as the schema's owner; the app may not."""
    require_operator(operator)
    with tenant_tx(operator.tenant_id):
        queries.keep_months(months)
        record(operator, Action.KEEP_AUDIT, target=number_of(months, "month"))
