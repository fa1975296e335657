"""What spaces hold, added up for operators: counts and bytes over all tenants, never content."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db.models import Count, Q

from audit.services.events import Activity, last_hour
from audit.services.usage import Asked, asked_by_tenants
from memory import queries
from memory.models import Tier
from memory.records import TierCount
from tenants.callers import INSTALLATION, Caller
from tenants.errors import NotFound
from tenants.limits import installation
from tenants.models import Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import require_operator
from tenants.services.work import failed_tasks, waiting_tasks

# Rows of a table that people read. All spaces are added up, however many there are.
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TierUse:
    """A tier of a space; ``share`` is the part of its capacity that is used, from 0 to 1 or a little more."""

    tier: Tier
    memories: int
    capacity: int

    @property
    def share(self) -> float:
        return self.memories / self.capacity


@dataclass(frozen=True, slots=True)
class SpaceUse:
    """What a space holds and may hold; ``shared_with`` counts other tenants, ``own_limits`` names the limits it overrides."""

    id: UUID
    name: str
    title: str
    status: str
    tiers: Sequence[TierUse]
    text_bytes: int
    shared_with: int
    own_limits: Sequence[str]

    @property
    def memories(self) -> int:
        return sum(use.memories for use in self.tiers)

    @property
    def share(self) -> float:
        return max(use.share for use in self.tiers)


@dataclass(frozen=True, slots=True)
class TenantUse:
    """A tenant's spaces, the fullest first, and ``memories`` and ``text_bytes`` of all of them."""

    most_shown: ClassVar[int] = MOST_SHOWN

    id: UUID
    slug: str
    name: str
    status: str
    spaces: Sequence[SpaceUse]
    activity: Activity

    @property
    def memories(self) -> int:
        return sum(space.memories for space in self.spaces)

    @property
    def text_bytes(self) -> int:
        return sum(space.text_bytes for space in self.spaces)

    @property
    def shown(self) -> Sequence[SpaceUse]:
        return self.spaces[:MOST_SHOWN]


@dataclass(frozen=True, slots=True)
class Held:
    """Memories, and bytes of their text; vectors and indexes come on top."""

    memories: int = 0
    text_bytes: int = 0


@dataclass(frozen=True, slots=True)
class InstallationUse:
    """All tenants together; ``stored_bytes`` are of text and vectors, ``waiting`` is ``None`` while the queue does not answer."""

    tenants: int
    memories: int
    stored_bytes: int
    asked: Mapping[UUID, Asked]
    waiting: int | None
    failed: int

    @property
    def operations(self) -> int:
        return sum(asked.operations for asked in self.asked.values())

    @property
    def refused(self) -> int:
        return sum(asked.refused for asked in self.asked.values())


def held_by_spaces(space_ids: Iterable[UUID]) -> dict[UUID, Held]:
    """What each of some spaces holds, of whichever tenant; one query."""
    with tenant_tx(INSTALLATION, durable=False):
        counts = queries.counts_by_space(list(space_ids))
    return {space_id: _sum(tiers) for space_id, tiers in counts.items()}


def held_by_tenants(tenant_ids: Iterable[UUID]) -> dict[UUID, Held]:
    """What each of some tenants holds in all its spaces; two queries."""
    owners = dict(Space.objects.filter(tenant_id__in=list(tenant_ids)).values_list("id", "tenant_id"))
    totals: dict[UUID, Held] = {}
    for space_id, held in held_by_spaces(owners).items():
        before = totals.get(owners[space_id], Held())
        totals[owners[space_id]] = Held(before.memories + held.memories, before.text_bytes + held.text_bytes)
    return totals


def installation_usage() -> InstallationUse:
    """What all tenants hold, what each asked in the last day, and what waits for workers; three queries and the queue."""
    tenant_ids = list(Tenant.objects.values_list("id", flat=True))
    sizes = queries.space_sizes(0)
    return InstallationUse(
        tenants=len(tenant_ids),
        memories=sum(size.memories for size in sizes),
        stored_bytes=sum(size.bytes for size in sizes),
        asked=asked_by_tenants(tenant_ids),
        waiting=waiting_tasks(),
        failed=failed_tasks(),
    )


def tenant_usage(operator: Caller, tenant_id: UUID) -> TenantUse:
    """A tenant's usage, for an operator, noted in the tenant's trail. Raises ``Refused`` and ``NotFound``."""
    require_operator(operator)
    tenant = Tenant.objects.filter(id=tenant_id).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}.")
    spaces = list(
        Space.objects.filter(tenant=tenant).annotate(shared=Count("grants", filter=Q(grants__tenant__isnull=False)))
    )
    with tenant_tx(tenant.id, durable=False):
        counts = queries.counts_by_space([space.id for space in spaces])
        record(operator.acting_for(tenant.id), Action.READ_USAGE, target="every space")
    uses = [_space(space, counts[space.id], space.shared) for space in spaces]
    return TenantUse(
        id=tenant.id,
        slug=tenant.slug,
        name=tenant.name,
        status=tenant.status,
        spaces=sorted(uses, key=lambda use: (-use.share, use.name)),
        activity=last_hour(tenant.id),
    )


def _sum(tiers: Mapping[str, TierCount]) -> Held:
    return Held(sum(count.memories for count in tiers.values()), sum(count.text_bytes for count in tiers.values()))


def _space(space: Space, counts: Mapping[str, TierCount], shared_with: int) -> SpaceUse:
    limits = installation().limits.overridden(space.limits)
    return SpaceUse(
        id=space.id,
        name=space.name,
        title=space.title,
        status=space.status,
        tiers=[TierUse(tier, _memories(counts, tier), limits.capacity_of(tier)) for tier in Tier],
        text_bytes=_sum(counts).text_bytes,
        shared_with=shared_with,
        own_limits=sorted(space.limits),
    )


def _memories(counts: Mapping[str, TierCount], tier: Tier) -> int:
    return counts[tier].memories if tier in counts else 0
