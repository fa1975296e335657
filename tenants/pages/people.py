"""Teams and members: who there is, in which role, and where. Admins change it, members look."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from tenants.callers import Caller
from tenants.errors import NotFound
from tenants.operations import Action
from tenants.pages.access import member_act, member_page
from tenants.pages.page_form import PageForm
from tenants.pages.people_forms import (
    DissolveForm,
    NewMemberForm,
    NewTeamForm,
    RoleForm,
    TeamForm,
    TeamMemberForm,
)
from tenants.queries import is_admin
from tenants.services.members import list_members, remove_member
from tenants.services.teams import list_teams, read_team, remove_team_member
from tenants.services.tree import MOST_SHOWN, spaces_of_team


@require_GET
@member_page(Action.LIST_MEMBERS)
def people_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    return _people(request, caller)


@member_act(Action.ADD_MEMBER, back="people-page")
def add_member_act(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = NewMemberForm(request.POST)
    added = form.add(caller)
    if added is None:
        return _people(request, caller, member_form=form)
    member, is_new = added
    account = "with a new account" if is_new else "and keeps the password of their account"
    messages.success(request, f"{member.username} is a member now, {account}.")
    return redirect("people-page")


@member_act(Action.CREATE_TEAM, back="people-page")
def create_team_act(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = NewTeamForm(request.POST)
    made = form.create(caller)
    if made is None:
        return _people(request, caller, team_form=form)
    messages.success(request, f"{made.name} is made. Now say who is in it.")
    return redirect("team-page", team=made.slug)


@require_GET
@member_page(Action.LIST_MEMBERS)
def member_details(request: HttpRequest, caller: Caller, username: str) -> HttpResponse:
    return _member(request, caller, username)


@member_act(Action.UPDATE_MEMBER, back="member-page", about="username")
def update_member_act(request: HttpRequest, caller: Caller, username: str) -> HttpResponse:
    form = RoleForm(request.POST)
    if form.update(caller, username) is None:
        return _member(request, caller, username, role_form=form)
    messages.success(request, "Saved. It counts from their next request.")
    return redirect("member-page", username=username)


@member_act(Action.REMOVE_MEMBER, back="people-page")
def remove_member_act(request: HttpRequest, caller: Caller, username: str) -> HttpResponse:
    remove_member(caller, username)
    messages.success(request, f"{username} is a member no longer.")
    return redirect("people-page")


@require_GET
@member_page(Action.READ_TEAM)
def team_page(request: HttpRequest, caller: Caller, team: str) -> HttpResponse:
    return _team(request, caller, team)


@member_act(Action.UPDATE_TEAM, back="people-page")
def update_team_act(request: HttpRequest, caller: Caller, team: str) -> HttpResponse:
    form = TeamForm(request.POST)
    if form.update(caller, team) is None:
        return _team(request, caller, team, form=form)
    messages.success(request, "Saved.")
    return redirect("team-page", team=team)


@member_act(Action.DELETE_TEAM, back="people-page")
def delete_team_act(request: HttpRequest, caller: Caller, team: str) -> HttpResponse:
    """Dissolve a team, its spaces going to another or to none."""
    form = DissolveForm(request.POST)
    if not form.dissolve(caller, team):
        return _team(request, caller, team, dissolve_form=form)
    messages.success(request, f"{team} is dissolved.")
    return redirect("people-page")


@member_act(Action.ADD_TEAM_MEMBER, back="people-page")
def add_team_member_act(request: HttpRequest, caller: Caller, team: str) -> HttpResponse:
    form = TeamMemberForm(request.POST)
    if form.add(caller, team) is None:
        return _team(request, caller, team, member_form=form)
    messages.success(request, f"{form.cleaned_data['username']} is in the team now.")
    return redirect("team-page", team=team)


@member_act(Action.REMOVE_TEAM_MEMBER, back="team-page", about="team")
def remove_team_member_act(request: HttpRequest, caller: Caller, team: str, username: str) -> HttpResponse:
    remove_team_member(caller, team, username)
    messages.success(request, f"{username} is in the team no longer.")
    return redirect("team-page", team=team)


def _people(request: HttpRequest, caller: Caller, **forms: PageForm) -> HttpResponse:
    context = {
        "members": list_members(caller),
        "teams": list_teams(caller),
        "is_admin": is_admin(caller),
        "member_form": NewMemberForm(),
        "team_form": NewTeamForm(),
        **forms,
    }
    return render(request, "tenants/people.html", context)


def _member(request: HttpRequest, caller: Caller, username: str, **forms: PageForm) -> HttpResponse:
    member = next((member for member in list_members(caller) if member.username == username), None)
    if member is None:
        raise NotFound(f"There is no member {username!r}.")
    context = {
        "member": member,
        "is_admin": is_admin(caller),
        "is_self": caller.actor.name == username,
        "role_form": RoleForm(initial={"role": member.role}),
        **forms,
    }
    return render(request, "tenants/member.html", context)


def _team(request: HttpRequest, caller: Caller, slug: str, **forms: PageForm) -> HttpResponse:
    team = read_team(caller, slug)
    admin = is_admin(caller)
    context = {
        "team": team,
        "spaces": spaces_of_team(caller, slug),
        "most_spaces": MOST_SHOWN,
        "is_admin": admin,
        "outside": [each.username for each in list_members(caller) if slug not in each.teams] if admin else [],
        "others": [each.slug for each in list_teams(caller) if each.slug != slug] if admin else [],
        "form": TeamForm(initial={"name": team.name}),
        "member_form": TeamMemberForm(),
        "dissolve_form": DissolveForm(),
        **forms,
    }
    return render(request, "tenants/team.html", context)
