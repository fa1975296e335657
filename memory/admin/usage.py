"""Tenants and spaces with what they hold, and a tenant's usage in one page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from audit.services.usage import Asked, asked_by_tenants
from memory.admin.sorting import FiguresChangeList
from memory.services.rollups import Held, held_by_spaces, held_by_tenants, installation_usage, tenant_usage
from tenants.admin import SpaceAdmin, TenantAdmin
from tenants.admin.base import operator_of
from tenants.errors import NotFound
from tenants.models import Space, Tenant


class HeldColumns(admin.ModelAdmin):
    """Two columns more in a list; however many rows a page of it has, what they hold is asked for once.

    ``counted`` are the columns that the list can be sorted by although they are not in its rows."""

    counted: Sequence[str] = ("memories", "text")

    def held_by(self, ids: Iterable[UUID]) -> dict[UUID, Held]:
        raise NotImplementedError

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows: list[Any] = list(changelist.result_list)
        held = self.held_by([row.pk for row in rows])
        for row in rows:
            row.held = held.get(row.pk, Held())
        changelist.result_list = rows
        return changelist

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[FiguresChangeList]:
        return FiguresChangeList

    def figures(self, column: str) -> Mapping[UUID, int]:
        """A counted column's number for every row that there is."""
        held = self.held_by(self.model.objects.values_list("pk", flat=True))
        return {key: each.memories if column == "memories" else each.text_bytes for key, each in held.items()}

    @admin.display(description="memories", ordering="memories")
    def memories(self, row: Any) -> str:
        return intcomma(row.held.memories)

    @admin.display(description="text", ordering="text")
    def text(self, row: Any) -> str:
        return filesizeformat(row.held.text_bytes)


@admin.register(Tenant)
class TenantUsageAdmin(HeldColumns, TenantAdmin):
    change_list_template = "admin/memory/tenants.html"
    counted = ("memories", "text", "operations", "refused")
    list_display = [
        "slug",
        "name",
        "status",
        "space_count",
        "memories",
        "text",
        "operations",
        "refused",
        "member_count",
        "created",
    ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        use = installation_usage()
        for row in changelist.result_list:
            row.asked = use.asked.get(row.pk, Asked())
        changelist.installation = use
        return changelist

    def figures(self, column: str) -> Mapping[UUID, int]:
        if column not in {"operations", "refused"}:
            return super().figures(column)
        asked = asked_by_tenants(Tenant.objects.values_list("pk", flat=True))
        return {key: each.refused if column == "refused" else each.operations for key, each in asked.items()}

    @admin.display(description="operations, last day", ordering="operations")
    def operations(self, row: Any) -> str:
        return intcomma(row.asked.operations)

    @admin.display(description="refused, last day", ordering="refused")
    def refused(self, row: Any) -> str:
        return intcomma(row.asked.refused)

    def held_by(self, ids: Iterable[UUID]) -> dict[UUID, Held]:
        return held_by_tenants(ids)

    @admin.display(description="memories", ordering="memories")
    def memories(self, row: Any) -> str:
        url = reverse("admin:tenants_tenant_usage", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, intcomma(row.held.memories))

    def get_urls(self) -> list[URLPattern]:
        usage = path("<uuid:tenant_id>/usage/", self.admin_site.admin_view(self.usage), name="tenants_tenant_usage")
        return [usage, *super().get_urls()]

    def usage(self, request: HttpRequest, tenant_id: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            use = tenant_usage(operator_of(request), tenant_id)
        except NotFound as error:
            raise Http404 from error
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Usage of {use.name}",
            "tenant": use,
        }
        return TemplateResponse(request, "admin/memory/tenant_usage.html", context)


@admin.register(Space)
class SpaceUsageAdmin(HeldColumns, SpaceAdmin):
    list_display = ["name", "title", "tenant", "status", "memories", "text", "shared_with", "own_limits"]

    def held_by(self, ids: Iterable[UUID]) -> dict[UUID, Held]:
        return held_by_spaces(ids)
