"""Spaces: described, placed, and given limits of their own."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from tenants.admin.base import AuditedAdmin, operator_of
from tenants.admin.limits import LIMITS, LimitsForm, change_limits
from tenants.models import Space, Team
from tenants.services.space_limits import set_limits


class SpaceForm(LimitsForm, forms.ModelForm):
    """Teams are those of the space's tenant."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown: dict[str, Any] = self.fields
        for name in [name for name in LIMITS if name in shown]:
            shown[name].initial = self.instance.limits.get(name)
        if "description" in shown:
            shown["description"].widget.attrs["rows"] = 3
        if "team" in shown:
            shown["team"].queryset = Team.objects.filter(tenant_id=self.instance.tenant_id)


class SpaceAdmin(AuditedAdmin):
    form = SpaceForm
    list_display = ["name", "title", "tenant", "status", "shared_with", "own_limits"]
    list_filter = ["status"]
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_select_related = ["tenant"]
    search_fields = ["name", "title", "tenant__slug"]
    ordering = ["name"]
    autocomplete_fields = ["tenant", "parent"]
    actions = ["set_limits"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Space]:
        spaces: QuerySet[Space] = super().get_queryset(request)
        return spaces.annotate(grants_=Count("grants", filter=Q(grants__tenant__isnull=False)))

    @admin.display(description="shared with", ordering="grants_")
    def shared_with(self, space: Any) -> str:
        """A link to where a space is shared and withdrawn; what a tenant shares inside itself is its own affair."""
        count = f"{space.grants_} tenant{'s' * (space.grants_ != 1)}" if space.grants_ else "–"
        return format_html('<a href="{}?space={}">{}</a>', reverse("admin:tenants_grant_changelist"), space.pk, count)

    @admin.display(description="own limits")
    def own_limits(self, space: Space) -> str:
        return ", ".join(f"{name} {value:,}" for name, value in space.limits.items()) or "–"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        embedding = settings.DEFAULT_EMBEDDING
        return {"embedding_model": embedding["model"], "embedding_dimension": embedding["dimension"]}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["tenant", "name"]
        described = ["title", "description", "parent"]
        known = ["team", "status", "shared_with", "created_at"] if obj else []
        return [
            (None, {"fields": [*fixed, *described, *known]}),
            ("Limits of its own", {"fields": LIMITS, "description": "Empty: the installation's limit holds."}),
            ("Embedding", {"fields": ["embedding_model", "embedding_dimension", *(["text_search"] if obj else [])]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Tokens, metrics and stored vectors hang on the first four.
        fixed = ["name", "tenant", "embedding_model", "embedding_dimension", "text_search", "shared_with", "created_at"]
        return fixed if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Set limits of the chosen spaces", permissions=["change"])
    def set_limits(self, request: HttpRequest, queryset: QuerySet[Space]) -> HttpResponse | None:
        return change_limits(self, request, queryset)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in LIMITS}
        own = {name: value for name, value in changed.items() if value is not None}
        if changed:
            set_limits(operator_of(request), obj.name, own, reset=changed.keys() - own.keys())
