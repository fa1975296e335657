"""What the memory pages are asked, checked; what is wrong is said beside the field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.forms.fields import InvalidJSONInput
from django.http import QueryDict

from memory.api.serializers import MemoryChange
from memory.models import Tier
from memory.records import MemoryRecord
from memory.services.memories import Filters
from memory.services.recall import DEPTH, SPREADING, Cue
from tenants import strict_json
from tenants.pages.page_form import remember_shown
from tenants.queries import LiveSpace

MOST_SPACES = 10
MOST_SOURCES = 50
HITS = 12
# On a slider: below it nearly everything is reached, above it nearly nothing.
THRESHOLDS = (0.005, 0.2)
DATE = forms.DateInput(attrs={"type": "date"})
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class Offer:
    """A space to choose."""

    name: str
    title: str
    is_chosen: bool


class OfferingForm(forms.Form):
    """A form with a choice of spaces. Templates write it out: there may be hundreds, and a widget renders each by itself."""

    def offer(self, spaces: Sequence[LiveSpace]) -> None:
        self.names = [space.name for space in spaces]
        self._titles = {space.name: space.title or space.name for space in spaces}
        self.fields["space"].choices = list(self._titles.items())  # type: ignore[attr-defined]

    @property
    def offers(self) -> list[Offer]:
        given = self["space"].value() or ()
        chosen = {given} if isinstance(given, str) else set(given)
        return [Offer(name, title, name in chosen) for name, title in self._titles.items()]


class ExploreForm(OfferingForm):
    """A cue, which is text or, to go on from it, a memory of one space; where to look, and how far activation spreads."""

    q = forms.CharField(
        label="Cue",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "What do we know about …?", "autofocus": True}),
    )
    memory = forms.UUIDField(required=False, widget=forms.HiddenInput)
    space = forms.MultipleChoiceField(label="Spaces", required=False)
    depth = forms.IntegerField(label="Depth", min_value=0)
    threshold = forms.FloatField(label="Threshold", min_value=THRESHOLDS[0], max_value=THRESHOLDS[1])

    def __init__(self, data: QueryDict, spaces: Sequence[LiveSpace]) -> None:
        given = data.copy()
        chosen = set(given.getlist("space"))
        asked = [space for space in spaces if space.name in chosen] or spaces[:MOST_SPACES]
        # As far as all of them allow: one that did not would not answer.
        self.most_depth = min((space.limits.max_spreading_depth for space in asked), default=0)
        given.setdefault("depth", str(min(DEPTH, self.most_depth)))
        given.setdefault("threshold", str(SPREADING.threshold))
        super().__init__(given)
        self.offer(spaces)
        self.fields["depth"].widget = forms.NumberInput(attrs={"type": "range", "min": 0, "max": self.most_depth})
        low, high = THRESHOLDS
        slider = {"type": "range", "min": low, "max": high, "step": low}
        self.fields["threshold"].widget = forms.NumberInput(attrs=slider)

    def clean_depth(self) -> int:
        depth: int = self.cleaned_data["depth"]
        if depth > self.most_depth:
            raise forms.ValidationError(f"The depth is {depth}; these spaces allow 0 to {self.most_depth}.")
        return depth

    def clean_space(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["space"] or self.names[:MOST_SPACES]
        if len(chosen) > MOST_SPACES:
            raise forms.ValidationError(f"{len(chosen)} spaces are chosen; allowed: {MOST_SPACES} at a time.")
        return chosen

    def clean(self) -> None:
        if self.cleaned_data.get("q"):
            self.cleaned_data["memory"] = None
        if self.cleaned_data.get("memory") and len(self.cleaned_data.get("space", [])) != 1:
            raise forms.ValidationError("A memory is of one space: name that one.")

    @property
    def asks(self) -> bool:
        """Is there a cue?"""
        return bool(self.cleaned_data["q"] or self.cleaned_data["memory"])

    @property
    def cue(self) -> Cue:
        given = self.cleaned_data
        return Cue(
            query=given["q"] or None,
            memory=given["memory"],
            limit=HITS,
            depth=given["depth"],
            threshold=given["threshold"],
        )


class GraphForm(forms.Form):
    """From which memories of a space activation spreads."""

    space = forms.CharField(max_length=64)
    sources = SimpleArrayField(forms.UUIDField(), max_length=MOST_SOURCES)
    depth = forms.IntegerField(min_value=0)
    threshold = forms.FloatField(min_value=THRESHOLDS[0], max_value=THRESHOLDS[1])


class BrowseForm(OfferingForm):
    """Which memories of which space to list."""

    space = forms.ChoiceField(required=False)
    tier = forms.ChoiceField(required=False, choices=[("", "Any"), *Tier.choices])
    kind = forms.CharField(required=False, max_length=32)
    session = forms.CharField(required=False, max_length=200)
    created_after = forms.DateField(label="From day (UTC)", required=False, widget=DATE)
    created_before = forms.DateField(label="Before day (UTC)", required=False, widget=DATE)

    def __init__(self, data: Any, spaces: Sequence[LiveSpace]) -> None:
        super().__init__(data)
        self.offer(spaces)

    def clean_space(self) -> str:
        return self.cleaned_data["space"] or self.names[0]

    @property
    def filters(self) -> Filters:
        given = self.cleaned_data
        return Filters(
            tier=given["tier"] or None,
            kind=given["kind"] or None,
            session=given["session"] or None,
            created_after=_midnight(given["created_after"]),
            created_before=_midnight(given["created_before"]),
        )


class TextField(forms.CharField):
    """Text of several lines, which browsers send with line ends of their own."""

    widget = forms.Textarea(attrs={"rows": 6})

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class StrictJSONField(forms.JSONField):
    """JSON, read as the API reads it: what the database cannot hold is refused beside the field."""

    def to_python(self, value: Any) -> Any:
        if self.disabled or value in self.empty_values:
            return super().to_python(value)
        try:
            return strict_json.loads(value.encode())
        except ValueError as error:
            raise forms.ValidationError(
                f"This cannot be stored: {error}. Allowed: a JSON object.", "invalid"
            ) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Shown again as it was typed when it cannot be read."""
        if data is None:
            return None
        try:
            return strict_json.loads(data.encode())
        except ValueError:
            return InvalidJSONInput(data)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


class EditForm(forms.Form):
    """A memory's fields. What the API refuses, this refuses, in the same words."""

    content = TextField(strip=False)
    kind = forms.CharField(max_length=32)
    confidence = forms.FloatField(min_value=0, max_value=1, widget=forms.NumberInput(attrs={"step": "any"}))
    session = forms.CharField(required=False, max_length=200)
    metadata = StrictJSONField(required=False, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
    expires_at = forms.DateTimeField(label="Expires (UTC)", required=False, widget=MOMENT)

    def __init__(self, memory: MemoryRecord, data: Any = None) -> None:
        expires_at = memory.expires_at and memory.expires_at.replace(second=0, microsecond=0)
        super().__init__(
            data,
            initial={
                "content": memory.content,
                "kind": memory.kind,
                "confidence": memory.confidence,
                "session": memory.session or "",
                "metadata": dict(memory.metadata),
                "expires_at": expires_at,
            },
        )
        remember_shown(self)

    def clean(self) -> None:
        given = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        if "session" in given:
            given["session"] = given["session"] or None
        if "metadata" in given:
            given["metadata"] = {} if given["metadata"] is None else given["metadata"]
        parsed = MemoryChange(data=given)
        for name, problems in {} if parsed.is_valid() else parsed.errors.items():
            self.add_error(name, [str(problem) for problem in problems])
        self.changes: dict[str, Any] = {} if self.errors else dict(parsed.validated_data)


class ImportForm(forms.Form):
    file = forms.FileField(
        label="Lines of JSON",
        help_text="As an export gives them: the space, memories with an id and their content at least, and the end.",
        widget=forms.FileInput(attrs={"accept": ".ndjson,.jsonl,application/x-ndjson"}),
    )


class LinkForm(forms.Form):
    target = forms.UUIDField(
        label="The other memory's id",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    weight = forms.FloatField(
        min_value=0.000001, max_value=1, initial=1, widget=forms.NumberInput(attrs={"step": "any"})
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
