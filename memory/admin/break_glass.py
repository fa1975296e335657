"""The one way for an operator to read memories: for a reason, for a while, in one space, in sight of its tenant."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from memory.services.memories import Filters, list_memories
from tenants.admin.base import operator_of
from tenants.api import cursor
from tenants.errors import Invalid, NotFound, Refused
from tenants.models import BreakGlass, Space
from tenants.services.break_glass import MINUTES, break_glass, close_glass, open_broken_glass

A_PAGE = 20


class BreakGlassForm(forms.ModelForm):
    minutes = forms.TypedChoiceField(choices=[(each, f"{each} minutes") for each in MINUTES], coerce=int)

    class Meta:
        model = BreakGlass
        fields = ("space", "reason")
        help_texts = {"reason": "The space's tenant reads this in its audit trail, with your name."}

    def clean_space(self) -> Space:
        space: Space = self.cleaned_data["space"]
        if space.status == Space.Status.ERASING:
            raise forms.ValidationError("The space is being erased; allowed: one that is not.", "erasing")
        return space


@admin.register(BreakGlass)
class BreakGlassAdmin(admin.ModelAdmin):
    """Who read where, and why; to add one is to break the glass. Its rows stay, its spaces may not."""

    form = BreakGlassForm
    add_form_template = "admin/memory/break_glass_form.html"
    list_display = ["space_name", "owner", "operator", "reason", "state", "created_at", "expires_at"]
    list_select_related = ["tenant", "operator"]
    list_per_page = 50
    search_fields = ["space_name", "tenant__slug", "operator__username", "reason"]
    autocomplete_fields = ["space"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["space", "reason", "minutes"]
        return ["space_name", "owner", "operator", "reason", "state", "created_at", "expires_at", "closed_at"]

    @admin.display(description="tenant", ordering="tenant__slug")
    def owner(self, glass: BreakGlass) -> str:
        return glass.tenant.slug

    @admin.display(description="state")
    def state(self, glass: BreakGlass) -> str:
        if glass.closed_at:
            return "closed"
        return "ended" if glass.expires_at <= timezone.now() else "open"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:glass_id>/memories/", view(require_GET(self.memories)), name="tenants_breakglass_memories"),
            path("<uuid:glass_id>/close/", view(require_POST(self.close)), name="tenants_breakglass_close"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {"title": "Break the glass", **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        broken = break_glass(operator_of(request), obj.space.name, obj.reason, form.cleaned_data["minutes"])
        obj.pk = broken.id
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return redirect("admin:tenants_breakglass_memories", glass_id=obj.pk)

    def memories(self, request: HttpRequest, glass_id: UUID) -> HttpResponse:
        """A page of the space's memories, newest first; each look leaves a row in the tenant's trail."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            glass, scope = open_broken_glass(operator_of(request), glass_id)
            after = cursor.decode(request.GET["after"]) if "after" in request.GET else None
        except NotFound as error:
            raise Http404 from error
        except (Invalid, Refused) as error:
            self.message_user(request, str(error.detail), messages.ERROR)
            return redirect("admin:tenants_breakglass_changelist")
        page = list_memories(scope, Filters(), after, A_PAGE)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Memories of {glass.space}",
            "glass": glass,
            "page": page,
            "next": cursor.encode(page.next) if page.next else "",
        }
        return TemplateResponse(request, "admin/memory/broken_glass.html", context)

    def close(self, request: HttpRequest, glass_id: UUID) -> HttpResponse:
        try:
            close_glass(operator_of(request), glass_id)
        except NotFound as error:
            raise Http404 from error
        self.message_user(request, "Closed. The tenant's audit trail says so.", messages.SUCCESS)
        return redirect("admin:tenants_breakglass_changelist")
