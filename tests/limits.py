"""Limits of a space's own, as an operator sets them, and what the audit trail says of those who met them."""

import time

import pytest
from limits import RateLimitItem, RateLimitItemPerSecond, WindowStats

from audit.services.events import recent_events
from tenants.callers import operator
from tenants.models import Tenant
from tenants.services import limiter
from tenants.services.space_limits import set_limits


def last(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let the second of a rate last so many, and who met its limit be sent away until its end."""

    def item(most: int) -> RateLimitItem:
        return RateLimitItemPerSecond(most, seconds)

    def room_in(window: WindowStats) -> float:
        return max(window.reset_time - time.time(), 0.01)

    monkeypatch.setattr(limiter, "RateLimitItemPerSecond", item)
    monkeypatch.setattr(limiter, "_seconds_until", room_in)


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
