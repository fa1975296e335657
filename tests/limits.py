"""Limits of a space's own, as an operator sets them, and what the audit trail says of those who met them."""

from audit.services.events import recent_events
from tenants.callers import operator
from tenants.models import Tenant
from tenants.services.space_limits import set_limits


def limit_space(space: str, **own: int) -> None:
    """Give a space limits of its own, by their names in ``engram.toml``."""
    set_limits(operator("tests"), space, own)


def refusals(tenant: str) -> list[tuple[str, str, str, str]]:
    """Action, space, outcome and reason of what a tenant was not allowed, oldest first."""
    events = recent_events(Tenant.objects.get(slug=tenant).id, 1_000)
    return [
        (event.action, event.space, event.outcome, event.reason)
        for event in reversed(events)
        if event.outcome != "allowed"
    ]
