"""What workers agree on: one at a time changes a space's memories."""

from memory import queries
from tenants.errors import NotNow
from tenants.scope import SpaceScope, space_tx


class Busy(NotNow):
    """Another worker is at this space just now."""


def take_turn(scope: SpaceScope) -> None:
    """Inside ``space_tx``: no other worker changes the space's memories until the transaction ends; raises ``Busy``.

    A worker that is killed gives its turn back with its connection. Whoever finds it taken between two transactions stops, so
    of two workers on one space one goes on. What the turn is used for changes many rows: their checks are planned once.
    """
    if not queries.lock_task(scope, "work"):
        raise Busy(f"Another worker is at the space {scope.space!r}.")
    queries.keep_plans(scope)


def analyze(scope: SpaceScope) -> None:
    """Let the planner know what a space has become that grew: plans made for an empty one read all of it for each row."""
    with space_tx(scope, durable=False):
        queries.analyze(scope)
