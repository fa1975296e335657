"""How much a space may hold in all. The tiers' own capacities refuse nothing: what is too much for one moves to the next."""

from memory import queries
from tenants.errors import CapacityExceeded
from tenants.limits import installation
from tenants.scope import SpaceScope


def make_room(scope: SpaceScope, memories: int) -> None:
    """Inside ``space_tx``, before storing: writers go side by side, but one at a time where the space is nearly full."""
    in_flight = scope.limits.max_concurrent_per_space * installation().sizes.batch
    queries.lock_capacity(scope, alone_above=scope.limits.capacity - memories - in_flight)


def check(scope: SpaceScope) -> None:
    """Inside ``space_tx``, after storing: raise ``CapacityExceeded``, which undoes it all, if the space holds too much."""
    most = scope.limits.capacity
    if queries.total_memories(scope) > most:
        raise CapacityExceeded(
            f"The space {scope.space!r} may hold {most:,} memories in all its tiers; this would be more. Nothing was stored."
        )
