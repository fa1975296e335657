"""Spaces: described, placed, and given limits of their own."""

from collections.abc import Sequence
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
from tenants.services.spaces import NewSpace, administer_space, create_space

# A space is erased by the services, which note that it was asked for and have it done; no status does that.
STATUSES = [status for status in Space.Status.choices if status[0] != Space.Status.ERASING]


class SpaceForm(LimitsForm, forms.ModelForm):
    """Teams are those of the space's tenant."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown: dict[str, Any] = self.fields
        for name in [name for name in LIMITS if name in shown]:
            shown[name].initial = self.instance.limits.get(name)
        if "description" in shown:
            shown["description"].widget.attrs["rows"] = 3
        if "status" in shown:
            shown["status"].choices = STATUSES
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

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A form that was opened before the erasure began is let through to the service, which says why it cannot be.
        erasing = obj is not None and obj.status == Space.Status.ERASING and request.method == "GET"
        return not erasing and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Set limits of the chosen spaces", permissions=["change"])
    def set_limits(self, request: HttpRequest, queryset: QuerySet[Space]) -> HttpResponse | None:
        return change_limits(self, request, queryset)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        operator = operator_of(request)
        if change:
            administer_space(operator, obj.name, _changes(obj, form.changed_data))
        else:
            obj.pk = create_space(operator, _new(obj), tenant_slug=obj.tenant.slug).id
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in LIMITS}
        own = {name: value for name, value in changed.items() if value is not None}
        if changed:
            set_limits(operator, obj.name, own, reset=changed.keys() - own.keys())


def _new(space: Space) -> NewSpace:
    return NewSpace(
        name=space.name,
        title=space.title,
        description=space.description,
        parent=space.parent.name if space.parent else None,
        embedding_model=space.embedding_model,
        embedding_dimension=space.embedding_dimension,
    )


def _changes(space: Space, fields: Sequence[str]) -> dict[str, Any]:
    """What the form changed, in the service's words: a parent by name, a team by slug."""
    named = {
        "title": space.title,
        "description": space.description,
        "status": space.status,
        "parent": space.parent.name if space.parent else None,
        "team": space.team.slug if space.team else None,
    }
    return {name: value for name, value in named.items() if name in fields}
