"""What a member sees first: every space within reach, how full it is, and what the tenant has been doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.services.events import Activity, Event, last_hour, recent_events
from memory import queries
from memory.models import Tier
from memory.records import SpaceCounts
from tenants.callers import Caller
from tenants.errors import Refused
from tenants.limits import Limits
from tenants.models import Permission
from tenants.operations import Action, record
from tenants.queries import LiveSpace, is_admin
from tenants.scope import space_tx, tenant_tx
from tenants.services.access import live_spaces, open_space

# Each space counted is a scope entered; more than this is more than a page shows at a glance.
MOST_COUNTED = 50
EVENTS = 20


@dataclass(frozen=True, slots=True)
class TierUse:
    """How many memories a tier of a space holds, and may hold."""

    tier: Tier
    memories: int
    capacity: int


@dataclass(frozen=True, slots=True)
class SpaceOverview:
    """A space in its place: ``path`` leads to it from the topmost space above it. ``counts`` is ``None`` where none were made:
    the space is not open now, or too many came before it."""

    name: str
    title: str
    owner: str
    is_own: bool
    is_writable: bool
    status: str
    path: tuple[str, ...]
    counts: SpaceCounts | None
    limits: Limits

    @property
    def top(self) -> str:
        return self.path[0]

    @property
    def parent(self) -> str | None:
        return self.path[-2] if len(self.path) > 1 else None

    @property
    def tiers(self) -> list[TierUse]:
        if self.counts is None:
            return []
        return [
            TierUse(Tier.HOT, self.counts.hot.memories, self.limits.hot_capacity_per_space),
            TierUse(Tier.WARM, self.counts.warm.memories, self.limits.warm_capacity_per_space),
            TierUse(Tier.COLD, self.counts.cold.memories, self.limits.cold_capacity_per_space),
        ]


@dataclass(frozen=True, slots=True)
class Overview:
    """``spaces`` are the tenant's own, then those shared with it, each directly after the one above it.
    The audit trail is for admins: ``activity`` is ``None`` and ``events`` are none for any other member."""

    spaces: Sequence[SpaceOverview]
    is_admin: bool
    activity: Activity | None
    events: Sequence[Event]

    @property
    def own_memories(self) -> int:
        return sum(space.counts.total for space in self.spaces if space.counts and space.is_own)

    @property
    def shared_memories(self) -> int:
        return sum(space.counts.total for space in self.spaces if space.counts and not space.is_own)

    @property
    def own_spaces(self) -> int:
        return sum(space.is_own for space in self.spaces)

    @property
    def shared_spaces(self) -> int:
        return len(self.spaces) - self.own_spaces

    @property
    def most_counted(self) -> int:
        return MOST_COUNTED

    @property
    def is_cut(self) -> bool:
        return len(self.spaces) > MOST_COUNTED


def view_overview(caller: Caller) -> Overview:
    """The overview for somebody who comes to look: recorded, as its refreshing by ``overview`` is not."""
    seen = overview(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.VIEW_OVERVIEW)
    return seen


def overview(caller: Caller) -> Overview:
    """The overview as it is now. Raises ``TenantSuspended`` or ``AccessWithdrawn``."""
    live = {space.name: space for space in live_spaces(caller)}
    paths = {name: _path(name, live) for name in live}
    in_order = sorted(live.values(), key=lambda space: (space.owner_id != caller.tenant_id, paths[space.name]))
    counts = {space.name: _counts(caller, space.name) for space in in_order[:MOST_COUNTED]}
    admin = is_admin(caller)
    return Overview(
        spaces=[_space(caller, space, paths[space.name], counts.get(space.name)) for space in in_order],
        is_admin=admin,
        activity=last_hour(caller.tenant_id) if admin else None,
        events=recent_events(caller.tenant_id, EVENTS) if admin else [],
    )


def _path(name: str, live: Mapping[str, LiveSpace]) -> tuple[str, ...]:
    path = [name]
    above = live[name].parent
    while above is not None and above in live and above not in path:
        path.insert(0, above)
        above = live[above].parent
    return tuple(path)


def _counts(caller: Caller, name: str) -> SpaceCounts | None:
    try:
        scope = open_space(caller, name, Permission.READ)
    except Refused:
        return None
    with space_tx(scope, durable=False):
        return queries.space_counts(scope)


def _space(caller: Caller, space: LiveSpace, path: tuple[str, ...], counts: SpaceCounts | None) -> SpaceOverview:
    return SpaceOverview(
        name=space.name,
        title=space.title or space.name,
        owner=space.owner,
        is_own=space.owner_id == caller.tenant_id,
        is_writable=Permission.WRITE in space.permissions,
        status=space.status,
        path=path,
        counts=counts,
        limits=space.limits,
    )
