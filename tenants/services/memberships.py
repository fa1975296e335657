"""The tenants that a person belongs to."""

from dataclasses import dataclass
from uuid import UUID

from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class MembershipView:
    tenant_id: UUID
    slug: str
    name: str
    role: str


def memberships_of(user_id: int) -> list[MembershipView]:
    """Oldest first; none for a person whose account is switched off."""
    rows = Membership.objects.filter(user_id=user_id, user__is_active=True).select_related("tenant").order_by("pk")
    return [MembershipView(row.tenant_id, row.tenant.slug, row.tenant.name, row.role) for row in rows]


def chosen_membership(memberships: list[MembershipView], chosen: str | None) -> MembershipView | None:
    """The one in the tenant of id ``chosen``, or the oldest; ``None`` if there is none at all."""
    return next((each for each in memberships if str(each.tenant_id) == chosen), next(iter(memberships), None))
