"""The forms about a space."""

from typing import Any

from django import forms

from tenants.callers import Caller
from tenants.models import SPACE_NAME
from tenants.operations import Action
from tenants.pages.page_form import ACCESS, READ_ONLY, PageForm, permissions_of, remember_shown
from tenants.queries import text_searches
from tenants.services.sharing import GrantView, grant_space
from tenants.services.spaces import NewSpace, SpaceView, create_space, update_space


class SpaceForm(PageForm):
    title = forms.CharField(max_length=200, required=False, help_text="What people call it.")
    description = forms.CharField(max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    # Typed rather than chosen: a list to choose from would hold every space. The page offers the first of them.
    parent = forms.CharField(
        label="Below",
        max_length=64,
        required=False,
        help_text="One of your own spaces; empty: at the top.",
        widget=forms.TextInput(attrs={"list": "parents", "autocomplete": "off"}),
    )
    team = forms.CharField(
        max_length=63,
        required=False,
        help_text="Whose it is; empty: everybody's, or that of the space above.",
        widget=forms.TextInput(attrs={"list": "teams", "autocomplete": "off"}),
    )
    text_search = forms.ChoiceField(
        label="Words",
        choices=lambda: [(name, name.capitalize()) for name in text_searches()],
        initial="english",
        help_text="The language that words are read in; Simple takes them as they stand.",
    )


class EditSpaceForm(SpaceForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        remember_shown(self)

    def update(self, caller: Caller, name: str) -> SpaceView | None:
        """Store what was changed; ``None`` if that will not do."""
        if not self.is_valid():
            return None
        given = {field: self.cleaned_data[field] for field in self.changed_data}
        # None is no parent and no team, where an empty title is a title.
        changes = {field: value or None if field in {"parent", "team"} else value for field, value in given.items()}
        return self.carry_out(caller, Action.UPDATE_SPACE, lambda: update_space(caller, name, changes), space=name)


class NewSpaceForm(SpaceForm):
    name = forms.CharField(
        max_length=64,
        validators=[SPACE_NAME],
        help_text="For programs, and for good: 3 to 64 of a to z, 0 to 9, _ and -.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ["name", "title", "description", "parent", "team", "text_search"]

    def create(self, caller: Caller) -> SpaceView | None:
        """Make the space; ``None`` if it cannot be made like that."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        new = NewSpace(
            name=given["name"],
            title=given["title"],
            description=given["description"],
            parent=given["parent"] or None,
            team=given["team"] or None,
            text_search=given["text_search"],
        )
        return self.carry_out(caller, Action.CREATE_SPACE, lambda: create_space(caller, new), space=new.name)


class GrantForm(PageForm):
    kind = forms.ChoiceField(
        label="Share it with",
        choices=[("team", "A team of ours"), ("member", "A member of ours"), ("tenant", "Another tenant")],
        widget=forms.RadioSelect,
        initial="team",
    )
    grantee = forms.CharField(
        label="Which one", max_length=150, help_text="The team's or the tenant's slug, or the member's username."
    )
    access = forms.ChoiceField(label="To", choices=ACCESS, widget=forms.RadioSelect, initial=READ_ONLY)
    named = {"tenant": "grantee", "team": "grantee", "member": "grantee"}

    def grant(self, caller: Caller, name: str) -> GrantView | None:
        """Share the space; ``None`` if there is no such grantee."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        granted = self.carry_out(
            caller,
            Action.SHARE_SPACE,
            lambda: grant_space(caller, name, given["kind"], given["grantee"], permissions_of(given["access"])),
            space=name,
        )
        return granted and granted[0]
