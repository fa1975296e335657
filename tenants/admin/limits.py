"""Limits of spaces: the fields for one space, and the pages that set those of many at once."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tenants.admin.base import operator_of
from tenants.errors import EngramError
from tenants.limits import Limits, check_overrides, installation, most_allowed
from tenants.models import Space
from tenants.services.space_limits import LimitChange, preview_limits, set_limits

LIMITS = [field.name for field in fields(Limits)]
# Each is locked, stored and audited by itself while the operator waits.
MOST_SPACES = 500


class LimitsForm(forms.Form):
    """A field for each limit, checked as those of ``engram.toml`` are; empty, the installation's holds."""

    hot_capacity_per_space = forms.IntegerField(required=False)
    warm_capacity_per_space = forms.IntegerField(required=False)
    cold_capacity_per_space = forms.IntegerField(required=False)
    max_spreading_depth = forms.IntegerField(required=False)
    rate_limit_per_space = forms.IntegerField(required=False)
    max_concurrent_per_space = forms.IntegerField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        inherited = asdict(installation().limits)
        shown: dict[str, Any] = self.fields
        for name in [name for name in LIMITS if name in shown]:
            most = most_allowed(name)
            shown[name].help_text = f"Inherited: {inherited[name]:,}. Allowed: 1 to {most:,}."
            shown[name].widget.attrs |= {"placeholder": f"{inherited[name]:,}", "min": 1, "max": most}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in self.own.items():
            try:
                check_overrides({name: value})
            except ValueError as error:
                self.add_error(name, forms.ValidationError(str(error), "limits"))
        return cleaned

    @property
    def own(self) -> dict[str, int]:
        """The limits that were given."""
        return {name: self.cleaned_data[name] for name in LIMITS if self.cleaned_data.get(name) is not None}


class ManyLimitsForm(LimitsForm):
    """Limits for many spaces: a number sets one, a tick goes back to the installation's, and all else stays as it is."""

    back = forms.MultipleChoiceField(
        label="Back to the installation's",
        required=False,
        choices=[(name, name.replace("_", " ").capitalize()) for name in LIMITS],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown: dict[str, Any] = self.fields
        for name in LIMITS:
            shown[name].widget.attrs["placeholder"] = "as it is"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in self.own.keys() & set(self.reset):
            self.add_error(name, "This is both set and ticked below; allowed: one of the two.")
        if not self.errors and not self.own and not self.reset:
            raise forms.ValidationError("Nothing is to be changed; allowed: at least one limit.", "nothing")
        return cleaned

    @property
    def reset(self) -> list[str]:
        """The limits that were ticked."""
        return list(self.cleaned_data.get("back", []))


def change_limits(page: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Space]) -> HttpResponse | None:
    """Ask for the limits, show what they would change, then set them space by space; ``None`` when that is done."""
    names = request.POST.getlist("space") or list(chosen.order_by("name").values_list("name", flat=True))
    if len(names) > MOST_SPACES:
        page.message_user(request, f"{len(names):,} spaces are chosen; allowed: {MOST_SPACES} at once.", messages.ERROR)
        return None
    step = request.POST.get("step", "")
    form = ManyLimitsForm(request.POST if step else None)
    if not form.is_valid():
        return _asking(page, request, names, form)
    if step != "set":
        changes = preview_limits(operator_of(request), names, form.own, form.reset)
        return _asking(page, request, names, form, changes)
    refused = _set(page, request, names, form)
    return _asking(page, request, refused, form) if refused else None


def _asking(
    page: admin.ModelAdmin,
    request: HttpRequest,
    names: Sequence[str],
    form: ManyLimitsForm,
    changes: Sequence[LimitChange] | None = None,
) -> TemplateResponse:
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": f"Limits of {len(names):,} space{'s' * (len(names) != 1)}",
        "names": names,
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME)[:1],
        "action": request.POST["action"],
        "form": form,
        "changes": changes,
        "untouched": len(set(names) - {change.space for change in changes or ()}),
    }
    return TemplateResponse(request, "admin/tenants/limits.html", context)


def _set(page: admin.ModelAdmin, request: HttpRequest, names: Sequence[str], form: ManyLimitsForm) -> list[str]:
    """One that cannot be done is said, and the others are done. Returns those that cannot."""
    refused = []
    for name in names:
        try:
            set_limits(operator_of(request).restarted(), name, form.own, form.reset)
        except EngramError as error:
            page.message_user(request, f"{name}: {error.problems()[0].detail}", messages.ERROR)
            refused.append(name)
    done = len(names) - len(refused)
    if done:
        page.message_user(request, f"The limits of {done:,} space{'s' * (done != 1)} are set.", messages.SUCCESS)
    return refused
