"""Teams: made, named, joined, left, dissolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tenants.callers import Caller
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Membership, Space, Team, TeamMember
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import administered, require_admin, require_member
from tenants.services.hierarchy import naming
from tenants.services.tenants import lock_tenant


@dataclass(frozen=True, slots=True)
class TeamView:
    """``members`` are usernames."""

    slug: str
    name: str
    members: Sequence[str]
    created_at: datetime


def list_teams(caller: Caller) -> list[TeamView]:
    """The tenant's teams by slug. Raises ``Refused`` for all but members."""
    require_member(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        views = [_view(team) for team in _with_members(caller).order_by("slug")]
        record(caller, Action.LIST_TEAMS)
    return views


def read_team(caller: Caller, slug: str) -> TeamView:
    """Raises ``Refused`` for all but members, and ``NotFound``."""
    require_member(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        view = _view(_found(_with_members(caller), slug))
        record(caller, Action.READ_TEAM, target=slug)
    return view


def create_team(caller: Caller, slug: str, *, name: str = "", tenant_slug: str | None = None) -> TeamView:
    """Make a team of the admin's own tenant, or of the one that an operator names.

    Raises ``Refused`` for all but admins, and ``Conflict`` for a taken slug.
    """
    tenant = administered(caller, tenant_slug)
    with tenant_tx(tenant.id):
        try:
            with transaction.atomic():
                team = Team.objects.create(tenant=tenant, slug=slug, name=name or slug)
        except IntegrityError as error:
            raise Conflict(f"The tenant has a team {slug!r} already.", "slug_taken", "slug") from error
        record(caller.acting_for(tenant.id), Action.CREATE_TEAM, target=slug)
    return _view(team)


def update_team(caller: Caller, slug: str, *, name: str) -> TeamView:
    """Change what people call a team. Raises ``Refused`` for all but admins, and ``NotFound``."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        team = _found(_with_members(caller), slug)
        team.name = name
        team.save(update_fields=["name"])
        record(caller, Action.UPDATE_TEAM, target=slug)
    return _view(team)


def delete_team(caller: Caller, slug: str, *, move_spaces_to: str | None = None) -> None:
    """Dissolve a team with its grants; its spaces go to another team first, or with an empty name to none.

    Raises ``Refused`` for all but admins, ``NotFound``, ``Conflict`` if it owns spaces and nothing is said of them, and
    ``Invalid`` for a team that they cannot go to.
    """
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        team = _found(Team.objects.filter(tenant_id=caller.tenant_id), slug)
        heir = _heir(team, move_spaces_to)
        spaces = Space.objects.filter(team=team).order_by("name")
        names = list(spaces.values_list("name", flat=True))
        if names and move_spaces_to is None:
            raise Conflict(
                f"The team {slug!r} owns {naming(names)}; say with 'move_spaces_to' which team they go to, or with an "
                "empty one that they go to none.",
                "team_owns_spaces",
            )
        spaces.update(team=heir)
        team.delete()
        target = f"{slug}, spaces to {heir or 'no team'}: {naming(names)}" if names else slug
        record(caller, Action.DELETE_TEAM, target=target)


def add_team_member(caller: Caller, slug: str, username: str) -> TeamView:
    """Give a member a place in a team; to add twice is to add once. Raises ``Refused`` for all but admins, and ``NotFound``."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        lock_tenant(caller.tenant_id)
        team = _found(Team.objects.filter(tenant_id=caller.tenant_id), slug)
        membership = Membership.objects.filter(tenant_id=caller.tenant_id, user__username=username).first()
        if membership is None:
            raise NotFound(f"There is no member {username!r}.")
        TeamMember.objects.get_or_create(team=team, membership=membership)
        record(caller, Action.ADD_TEAM_MEMBER, target=f"{username} to {slug}")
        return _view(_found(_with_members(caller), slug))


def remove_team_member(caller: Caller, slug: str, username: str) -> None:
    """Take a member's place in a team away, from their next request on. Raises ``Refused`` for all but admins, ``NotFound``."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        team = _found(Team.objects.filter(tenant_id=caller.tenant_id), slug)
        removed, _ = TeamMember.objects.filter(team=team, membership__user__username=username).delete()
        if not removed:
            raise NotFound(f"The team {slug!r} has no member {username!r}.")
        record(caller, Action.REMOVE_TEAM_MEMBER, target=f"{username} from {slug}")


def _heir(team: Team, slug: str | None) -> Team | None:
    if not slug:
        return None
    heir = Team.objects.filter(tenant_id=team.tenant_id, slug=slug).exclude(id=team.id).first()
    if heir is None:
        raise Invalid(
            f"'move_spaces_to' is {slug!r}; allowed: the slug of another of the tenant's teams, or empty for none.",
            "unknown_team",
            "move_spaces_to",
        )
    return heir


def _with_members(caller: Caller) -> QuerySet[Team]:
    return Team.objects.filter(tenant_id=caller.tenant_id).prefetch_related("members__user")


def _found(teams: QuerySet[Team], slug: str) -> Team:
    team = teams.filter(slug=slug).first()
    if team is None:
        raise NotFound(f"There is no team {slug!r}.")
    return team


def _view(team: Team) -> TeamView:
    members = sorted(membership.user.get_username() for membership in team.members.all())
    return TeamView(team.slug, team.name, members, team.created_at)
