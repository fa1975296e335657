"""The forms about members and teams."""

from django import forms

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound
from tenants.models import TEAM_SLUG, Membership
from tenants.operations import Action
from tenants.pages.page_form import PageForm
from tenants.services.members import MemberView, add_member, update_member
from tenants.services.teams import TeamView, add_team_member, create_team, delete_team, update_team

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class NewMemberForm(PageForm):
    username = forms.CharField(max_length=150, strip=False, widget=forms.TextInput(attrs=PLAIN))
    role = forms.ChoiceField(
        choices=Membership.Role.choices,
        initial=Membership.Role.MEMBER,
        help_text="Admins manage everything that is the tenant's.",
    )
    team = forms.CharField(
        max_length=63,
        required=False,
        help_text="Empty: in none yet.",
        widget=forms.TextInput(attrs={"list": "teams", "autocomplete": "off"}),
    )
    password = forms.CharField(
        max_length=200,
        required=False,
        strip=False,
        help_text="Only for somebody who is new to this installation: whoever has an account keeps theirs.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def add(self, caller: Caller) -> tuple[MemberView, bool] | None:
        """Let them in, and say whether they are new here; ``None`` if that cannot be."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        return self.carry_out(
            caller,
            Action.ADD_MEMBER,
            lambda: add_member(
                caller,
                given["username"],
                given["role"],
                password=given["password"] or None,
                team=given["team"] or None,
            ),
        )


class RoleForm(PageForm):
    role = forms.ChoiceField(choices=Membership.Role.choices)

    def update(self, caller: Caller, username: str) -> MemberView | None:
        """Give the member that role; ``None`` for the last admin."""
        if not self.is_valid():
            return None
        role = self.cleaned_data["role"]
        return self.carry_out(caller, Action.UPDATE_MEMBER, lambda: update_member(caller, username, role=role))


class NewTeamForm(PageForm):
    slug = forms.CharField(
        max_length=63,
        validators=[TEAM_SLUG],
        help_text="For programs, and for good: 2 to 63 of a to z, 0 to 9 and -.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    name = forms.CharField(max_length=200, required=False, help_text="What people call it; empty: as the slug.")

    def create(self, caller: Caller) -> TeamView | None:
        """Make the team; ``None`` if its slug is taken."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        return self.carry_out(
            caller, Action.CREATE_TEAM, lambda: create_team(caller, given["slug"], name=given["name"])
        )


class TeamForm(PageForm):
    name = forms.CharField(max_length=200)

    def update(self, caller: Caller, slug: str) -> TeamView | None:
        if not self.is_valid():
            return None
        name = self.cleaned_data["name"]
        return self.carry_out(caller, Action.UPDATE_TEAM, lambda: update_team(caller, slug, name=name))


class TeamMemberForm(PageForm):
    username = forms.CharField(
        label="Add a member",
        max_length=150,
        strip=False,
        widget=forms.TextInput(attrs={"list": "outside", "autocomplete": "off"}),
    )

    def add(self, caller: Caller, slug: str) -> TeamView | None:
        """Put them in the team; ``None`` for who is no member of the tenant."""
        if not self.is_valid():
            return None
        return self.carry_out(caller, Action.ADD_TEAM_MEMBER, lambda: self._add(caller, slug))

    def _add(self, caller: Caller, slug: str) -> TeamView:
        try:
            return add_team_member(caller, slug, self.cleaned_data["username"])
        except NotFound as error:
            raise Invalid(str(error.detail), attr="username") from error


class DissolveForm(PageForm):
    move_spaces_to = forms.CharField(
        label="Its spaces go to",
        max_length=63,
        required=False,
        help_text="Another team's slug; empty: to none, and are everybody's.",
        widget=forms.TextInput(attrs={"list": "others", "autocomplete": "off"}),
    )

    def dissolve(self, caller: Caller, slug: str) -> bool:
        """Whether the team is gone; it is not where its spaces cannot go."""
        if not self.is_valid():
            return False
        heir = self.cleaned_data["move_spaces_to"]
        self.carry_out(caller, Action.DELETE_TEAM, lambda: delete_team(caller, slug, move_spaces_to=heir))
        return not self.errors
