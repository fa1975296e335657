"""What stands at the head of every page: who is logged in, and for which tenant."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.middleware import get_user
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tenants.models import Membership
from tenants.pages.navigation import SectionLink, navigation
from tenants.services.break_glass import GlassView, glasses_over
from tenants.services.memberships import MembershipView, chosen_membership, memberships_of


@dataclass(frozen=True, slots=True)
class Header:
    """``current`` is the tenant that pages show; ``None`` for a person without any, who has no ``sections`` to turn to.

    ``glasses`` tells its admins which operators may read its memories just now."""

    username: str
    is_operator: bool
    memberships: list[MembershipView]
    current: MembershipView | None
    sections: list[SectionLink]
    glasses: list[GlassView]


def header(request: Any) -> dict[str, Any]:
    """A context processor: ``header`` is falsy when nobody is logged in, and costs nothing where no template asks."""
    return {"header": SimpleLazyObject(lambda: _header(getattr(request, "_request", request)))}


def _header(request: HttpRequest) -> Header | None:
    # In the API ``request.user`` is the ``Caller``; the session's person is the same on all pages.
    user = get_user(request)
    if not user.is_authenticated:
        return None
    memberships = memberships_of(user.pk)
    current = chosen_membership(memberships, request.session.get("tenant"))
    sections = navigation(current.role, request.path) if current else []
    is_admin = current is not None and current.role == Membership.Role.ADMIN
    glasses = glasses_over(current.tenant_id, timezone.now()) if current and is_admin else []
    return Header(user.get_username(), user.is_staff, memberships, current, sections, glasses)
