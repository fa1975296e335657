"""What a member sees first: every space within reach against its limits, and what the tenant has been doing."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from audit.models import Step
from audit.services.events import Activity, Event, Refusal, last_hour, recent_events, recent_refusals
from audit.services.usage import Series, tenant_pulse
from memory import overview_queries as queries
from memory.models import Tier
from memory.records import Glance, Pulse
from tenants.callers import Caller
from tenants.limits import Limits
from tenants.operations import Action, record
from tenants.queries import is_admin
from tenants.scope import tenant_tx
from tenants.services.access import is_open, live_spaces
from tenants.services.break_glass import GlassView, glasses_over
from tenants.services.erasures import ErasureView, late_erasures
from tenants.services.keys import ExpiringKey, expiring_keys
from tenants.services.limiter import running_now
from tenants.services.signing_keys import ExpiringSigningKey, expiring_signing_keys
from tenants.services.tree import path_to
from tenants.services.work import SpaceFailure, failures_of

# What one query looks at; a tenant with more spaces finds the others on their own pages.
MOST_COUNTED = 200
# A page shows so many, and of more the fullest alone: nobody looks through a hundred cards, and they take longest to draw.
MOST_SHOWN = 24
FULLEST = 12
EVENTS = 12
REFUSALS = 8
LATELY = timedelta(hours=1)
# A space is nearly full, and a key about to expire, from here on.
NEARLY_FULL = 0.8
EXPIRES_SOON = timedelta(days=14)
MOST_KEYS = 5
# How long somebody who was away is told of what is over: work that failed, and operators who looked.
TOLD_OF_FAILURES = timedelta(days=1)
TOLD_OF_GLASSES = timedelta(days=7)
MOST_FAILURES = 8


@dataclass(frozen=True, slots=True)
class TierUse:
    """How many memories a tier of a space holds, and may hold."""

    tier: Tier
    memories: int
    capacity: int


@dataclass(frozen=True, slots=True)
class SpaceOverview:
    """A space in its place: ``path`` leads to it from the topmost space above it. ``glance`` is ``None`` where none was taken:
    the space is not open now, or too many came before it. ``pulse`` is ``None`` where no page shows it, and ``running``
    also while Redis is away."""

    id: UUID
    name: str
    title: str
    owner: str
    is_own: bool
    is_writable: bool
    status: str
    path: tuple[str, ...]
    glance: Glance | None
    pulse: Pulse | None
    running: int | None
    limits: Limits

    @property
    def top(self) -> str:
        return self.path[0]

    @property
    def parent(self) -> str | None:
        return self.path[-2] if len(self.path) > 1 else None

    @property
    def tiers(self) -> list[TierUse]:
        if self.glance is None:
            return []
        return [
            TierUse(Tier.HOT, self.glance.hot, self.limits.hot_capacity_per_space),
            TierUse(Tier.WARM, self.glance.warm, self.limits.warm_capacity_per_space),
            TierUse(Tier.COLD, self.glance.cold, self.limits.cold_capacity_per_space),
        ]

    @property
    def fullness(self) -> float:
        """The share of the space's whole capacity that is used; more than that is refused."""
        return self.glance.total / max(1, self.limits.capacity) if self.glance else 0.0

    @property
    def percent_full(self) -> int:
        return int(self.fullness * 100)

    @property
    def busiest_rate(self) -> float:
        """Operations a second in the busiest minute lately."""
        return self.pulse.busiest_minute / 60 if self.pulse else 0.0


@dataclass(frozen=True, slots=True)
class Attention:
    """What somebody should look at: spaces nearly full, limited lately or with imports that failed; for admins also keys that
    end before long, workers' tasks that fail, erasures that take too long, and operators who could read memories lately."""

    full: Sequence[SpaceOverview]
    limited: Sequence[SpaceOverview]
    failing: Sequence[SpaceOverview]
    keys: Sequence[ExpiringKey] = ()
    signing_keys: Sequence[ExpiringSigningKey] = ()
    tasks: Sequence[SpaceFailure] = ()
    erasures: Sequence[ErasureView] = ()
    glasses: Sequence[GlassView] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Overview:
    """``spaces`` are the tenant's own, then those shared with it, each directly after the one above it; of more than a page
    shows, the fullest. The audit trail and all that comes of it are for admins: any other member gets ``None`` and nothing."""

    spaces: Sequence[SpaceOverview]
    own_spaces: int
    shared_spaces: int
    own_memories: int
    shared_memories: int
    attention: Attention
    is_admin: bool
    activity: Activity | None
    series: Series | None
    refusals: Sequence[Refusal]
    events: Sequence[Event]

    @property
    def all_spaces(self) -> int:
        return self.own_spaces + self.shared_spaces

    @property
    def is_cut(self) -> bool:
        """Are there spaces that the page does not show?"""
        return self.all_spaces > len(self.spaces)

    @property
    def is_counted_in_part(self) -> bool:
        return self.all_spaces > MOST_COUNTED


def view_overview(caller: Caller, step: Step = Step.MINUTE) -> Overview:
    """The overview for somebody who comes to look: recorded, as its refreshing by ``overview`` is not."""
    seen = overview(caller, step)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.VIEW_OVERVIEW)
    return seen


def overview(caller: Caller, step: Step = Step.MINUTE) -> Overview:
    """The overview as it is now, in as many queries for a thousand spaces as for one.

    Raises ``TenantSuspended`` or ``AccessWithdrawn``.
    """
    spaces = _spaces(caller)
    own = [space for space in spaces if space.is_own]
    admin = is_admin(caller)
    return Overview(
        spaces=_with_pulse(caller, spaces if len(spaces) <= MOST_SHOWN else _fullest(spaces)),
        own_spaces=len(own),
        shared_spaces=len(spaces) - len(own),
        own_memories=_memories(own),
        shared_memories=_memories(spaces) - _memories(own),
        attention=_attention(caller, spaces, admin=admin),
        is_admin=admin,
        activity=last_hour(caller.tenant_id) if admin else None,
        series=tenant_pulse(caller.tenant_id, step) if admin else None,
        refusals=recent_refusals(caller.tenant_id, REFUSALS) if admin else [],
        events=recent_events(caller.tenant_id, EVENTS) if admin else [],
    )


def _spaces(caller: Caller) -> list[SpaceOverview]:
    live = {space.name: space for space in live_spaces(caller)}
    paths = {name: path_to(name, live) for name in live}
    in_order = sorted(live.values(), key=lambda space: (space.owner_id != caller.tenant_id, paths[space.name]))
    looked_at = [space.id for space in in_order if is_open(caller, space)][:MOST_COUNTED]
    with tenant_tx(caller.tenant_id, durable=False):
        glances = queries.glance(looked_at, timezone.now() - LATELY)
    return [
        SpaceOverview(
            id=space.id,
            name=space.name,
            title=space.title or space.name,
            owner=space.owner,
            is_own=space.owner_id == caller.tenant_id,
            is_writable="write" in space.permissions,
            status=space.status,
            path=paths[space.name],
            glance=glances.get(space.id),
            pulse=None,
            running=None,
            limits=space.limits,
        )
        for space in in_order
    ]


def _fullest(spaces: Sequence[SpaceOverview]) -> list[SpaceOverview]:
    """The fullest, each on its own: not every one above them need be among them."""
    fullest = sorted(spaces, key=lambda space: -space.fullness)[:FULLEST]
    return [replace(space, path=(space.name,)) for space in fullest]


def _with_pulse(caller: Caller, spaces: Sequence[SpaceOverview]) -> list[SpaceOverview]:
    looked_at = [space.id for space in spaces if space.glance]
    running = running_now(looked_at)
    with tenant_tx(caller.tenant_id, durable=False):
        pulses = queries.pulse(looked_at, timezone.now() - LATELY)
    return [replace(space, pulse=pulses.get(space.id), running=running.get(space.id)) for space in spaces]


def _memories(spaces: Sequence[SpaceOverview]) -> int:
    return sum(space.glance.total for space in spaces if space.glance)


def _attention(caller: Caller, spaces: Sequence[SpaceOverview], *, admin: bool) -> Attention:
    of_spaces = Attention(
        full=[space for space in spaces if space.fullness >= NEARLY_FULL],
        limited=[space for space in spaces if space.glance and space.glance.limited],
        failing=[space for space in spaces if space.glance and space.glance.failed_imports],
    )
    if not admin:
        return of_spaces
    now, tenant_id = timezone.now(), caller.tenant_id
    return replace(
        of_spaces,
        keys=expiring_keys(tenant_id, EXPIRES_SOON, MOST_KEYS),
        signing_keys=expiring_signing_keys(tenant_id, EXPIRES_SOON, MOST_KEYS),
        tasks=failures_of(tenant_id, now - TOLD_OF_FAILURES, MOST_FAILURES),
        erasures=late_erasures(tenant_id),
        # Who may read just now is said at the head of every page.
        glasses=[glass for glass in glasses_over(tenant_id, now - TOLD_OF_GLASSES) if not glass.is_open],
    )
