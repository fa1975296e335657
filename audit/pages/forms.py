"""What the audit page is asked for."""

from datetime import UTC, datetime
from typing import Any

from django import forms

from audit.services.trail import TrailFilters
from tenants.operations import Action

OUTCOMES = [("", "Any"), ("allowed", "Allowed"), ("denied", "Denied"), ("limited", "Limited"), ("failed", "Failed")]
ACTIONS = [("", "Any"), *sorted((action.value, action.value.replace("_", " ").capitalize()) for action in Action)]


class MinuteField(forms.DateTimeField):
    """A minute, in UTC: the page's script turns the reader's own time into it, and back."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "data-utc": ""}, format="%Y-%m-%dT%H:%M")

    def __init__(self) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

    def to_python(self, value: Any) -> datetime | None:
        parsed = super().to_python(value)
        return parsed.astimezone(UTC) if parsed else None


class TrailForm(forms.Form):
    """Which operations to show; what is empty may be anything."""

    space = forms.CharField(max_length=64, required=False)
    actor = forms.CharField(label="Who", max_length=200, required=False)
    action = forms.ChoiceField(label="Operation", choices=ACTIONS, required=False)
    outcome = forms.ChoiceField(choices=OUTCOMES, required=False)
    after = MinuteField()
    before = MinuteField()

    def filters(self) -> TrailFilters:
        """What of it is valid; the rest is said beside its field."""
        self.full_clean()
        return TrailFilters(**{name: value for name, value in self.cleaned_data.items() if value})

    def given(self) -> dict[str, str]:
        """The same, as the API takes it."""
        valid = {name: value for name, value in self.cleaned_data.items() if value}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in valid.items()}
