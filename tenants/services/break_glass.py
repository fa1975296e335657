"""Breaking the glass: how an operator reads a tenant's memories, and how the tenant comes to know of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound, Refused
from tenants.models import BreakGlass
from tenants.operations import Action, record
from tenants.queries import space_by_name
from tenants.scope import SpaceScope, tenant_tx
from tenants.services.access import require_operator

MINUTES = (15, 30, 60)
SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Leave to read ``space`` until ``expires_at``."""

    id: UUID
    space: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GlassView:
    """An operator's access as the space's tenant sees it: who may read what, or could, from when until when, and why."""

    space: str
    operator: str
    reason: str
    begun_at: datetime
    ends_at: datetime
    is_open: bool


def break_glass(operator: Caller, space_name: str, reason: str, minutes: int) -> BrokenGlass:
    """Give an operator leave to read one space for some minutes; the reason goes into the audit trail of the space's tenant.

    Raises ``Refused`` for all but operators, ``NotFound``, and ``Invalid`` for a reason too short or another time than allowed.
    """
    require_operator(operator)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(f"'reason' is {reason!r}; allowed: {SHORTEST_REASON} characters or more.", attr="reason")
    if minutes not in MINUTES:
        raise Invalid(f"'minutes' is {minutes}; allowed: {', '.join(map(str, MINUTES))}.", attr="minutes")
    space = space_by_name(space_name)
    if space is None:
        raise NotFound(f"There is no space {space_name!r}.")
    with tenant_tx(space.tenant_id):
        glass = BreakGlass.objects.create(
            tenant_id=space.tenant_id,
            space_id=space.id,
            space_name=space.name,
            operator_id=int(operator.actor.id),
            reason=reason.strip(),
            expires_at=timezone.now() + timedelta(minutes=minutes),
        )
        target = f"for {minutes} minutes: {glass.reason}"
        record(operator.acting_for(space.tenant_id), Action.BREAK_GLASS, target=target, space=space.name)
    return BrokenGlass(glass.id, space.name, glass.reason, glass.expires_at)


def open_broken_glass(operator: Caller, glass_id: UUID) -> tuple[BrokenGlass, SpaceScope]:
    """What an operator may read now, and the scope to do so.

    Raises ``NotFound`` for a space that is gone, and the same for another operator's, and ``Refused`` once it has ended.
    """
    glass = _found(operator, glass_id)
    if glass.closed_at is not None or glass.expires_at <= timezone.now():
        raise Refused("This access has ended. Break the glass again if there is still a reason.", "glass_closed")
    if glass.space_id is None:
        raise NotFound("The space has been erased.")
    scope = SpaceScope.for_break_glass(operator, glass.space_id)
    return BrokenGlass(glass.id, scope.space, glass.reason, glass.expires_at), scope


def close_glass(operator: Caller, glass_id: UUID) -> None:
    """End an operator's own access before its time; to end twice is to end once. Raises ``NotFound``."""
    glass = _found(operator, glass_id)
    with tenant_tx(glass.tenant_id):
        if BreakGlass.objects.filter(id=glass.id, closed_at=None).update(closed_at=timezone.now()):
            record(operator.acting_for(glass.tenant_id), Action.CLOSE_GLASS, space=glass.space_name)


def glasses_over(tenant_id: UUID, since: datetime) -> list[GlassView]:
    """The accesses to a tenant's spaces, erased ones too, that had not ended by ``since``, newest first."""
    now = timezone.now()
    ended = Least("expires_at", Coalesce("closed_at", "expires_at"))
    glasses = BreakGlass.objects.filter(tenant_id=tenant_id).annotate(ends_at=ended).filter(ends_at__gt=since)
    return [
        GlassView(
            space=glass.space_name,
            operator=glass.operator.get_username(),
            reason=glass.reason,
            begun_at=glass.created_at,
            ends_at=glass.ends_at,
            is_open=glass.ends_at > now,
        )
        for glass in glasses.select_related("operator").order_by("-created_at")
    ]


def _found(operator: Caller, glass_id: UUID) -> BreakGlass:
    require_operator(operator)
    mine = BreakGlass.objects.filter(operator_id=int(operator.actor.id))
    glass = mine.filter(id=glass_id).first()
    if glass is None:
        raise NotFound("There is no such access of yours.")
    return glass
