"""Members: the people of a tenant, let in, given a role, sent away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tenants.callers import Caller
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Membership, RefreshToken, Team, TeamMember
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import administered, require_admin, require_member
from tenants.services.hierarchy import team_named
from tenants.services.refresh_tokens import revoke_refresh_tokens
from tenants.services.tenants import lock_tenant


@dataclass(frozen=True, slots=True)
class MemberView:
    """``teams`` are slugs."""

    username: str
    role: str
    teams: Sequence[str]
    created_at: datetime


def list_members(caller: Caller) -> list[MemberView]:
    """The tenant's members by username. Raises ``Refused`` for all but members."""
    require_member(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        views = [_view(membership) for membership in _members(caller).order_by("user__username")]
        record(caller, Action.LIST_MEMBERS)
    return views


def add_member(
    caller: Caller,
    username: str,
    role: str,
    *,
    password: str | None = None,
    team: str | None = None,
    tenant_slug: str | None = None,
) -> tuple[MemberView, bool]:
    """Let a person into the admin's own tenant, or into the one that an operator names, and say whether they are new here.

    Who has an account keeps their password. Raises ``Refused`` for all but admins, ``Invalid`` for a team that is not the
    tenant's or a password that a new account cannot have, and ``Conflict`` for who is a member already.
    """
    tenant = administered(caller, tenant_slug)
    username = User.normalize_username(username)
    with tenant_tx(tenant.id):
        lock_tenant(tenant.id)
        place: Team | None = team_named(tenant.id, team)
        user = User.objects.filter(username=username).first()
        created = user is None
        if user is None:
            user = _new_user(username, password)
        membership, added = Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
        if not added:
            raise Conflict(f"{username!r} is a member already.", "already_member", "username")
        if place is not None:
            TeamMember.objects.create(team=place, membership=membership)
        record(caller.acting_for(tenant.id), Action.ADD_MEMBER, target=f"{username} as {role}")
        return _view(membership), created


def update_member(caller: Caller, username: str, *, role: str) -> MemberView:
    """Give a member another role. Raises ``Refused`` for all but admins, ``NotFound``, and ``Conflict`` for the last admin."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        membership = _found(caller, username)
        if role != Membership.Role.ADMIN:
            _check_not_last_admin(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        record(caller, Action.UPDATE_MEMBER, target=f"{username} to {role}")
    return _view(membership)


def remove_member(caller: Caller, username: str) -> None:
    """Send a member away: their places in teams and what was granted to them end now, their tokens at the next request.

    Raises ``Refused`` for all but admins, ``NotFound``, and ``Conflict`` for the last admin.
    """
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        membership = _found(caller, username)
        _check_not_last_admin(membership)
        # Else they would be good again if the person came back.
        revoke_refresh_tokens(RefreshToken.objects.filter(tenant_id=caller.tenant_id, user_id=membership.user_id))
        membership.delete()
        record(caller, Action.REMOVE_MEMBER, target=username)


def _new_user(username: str, password: str | None) -> User:
    user = User(username=username)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise Invalid(f"'username' is {username!r}. {' '.join(error.messages)}", attr="username") from error
    if password is None:
        raise Invalid(f"{username!r} is new here and needs a 'password'.", "required", "password")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(f"The password will not do: {' '.join(error.messages)}", attr="password") from error
    try:
        with transaction.atomic():
            return User.objects.create_user(username, password=password)
    except IntegrityError as error:
        raise Conflict(f"Somebody else has just taken the name {username!r}.", "username_taken", "username") from error


def _check_not_last_admin(membership: Membership) -> None:
    if membership.role != Membership.Role.ADMIN:
        return
    admins = Membership.objects.filter(tenant_id=membership.tenant_id, role=Membership.Role.ADMIN, user__is_active=True)
    if not admins.exclude(id=membership.id).exists():
        raise Conflict(
            f"{membership.user.get_username()!r} is the tenant's last admin; make somebody else one first.",
            "last_admin",
        )


def _members(caller: Caller) -> QuerySet[Membership]:
    return Membership.objects.filter(tenant_id=caller.tenant_id).select_related("user").prefetch_related("teams")


def _found(caller: Caller, username: str) -> Membership:
    membership = _members(caller).filter(user__username=username).first()
    if membership is None:
        raise NotFound(f"There is no member {username!r}.")
    return membership


def _view(membership: Membership) -> MemberView:
    return MemberView(
        username=membership.user.get_username(),
        role=membership.role,
        teams=sorted(team.slug for team in membership.teams.all()),
        created_at=membership.created_at,
    )
