"""Spaces shared between tenants, and with whom: granted and withdrawn here, and nowhere else in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.admin.base import RefusingAdmin, operator_of
from tenants.errors import Refused
from tenants.models import Grant, Membership, Permission
from tenants.services.sharing import share_space, withdraw_space

ACCESS = [(Permission.READ.value, "Read only"), (Permission.WRITE.value, "Read and write")]


class GrantForm(forms.ModelForm):
    access = forms.ChoiceField(choices=ACCESS, widget=forms.RadioSelect, initial=Permission.READ.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if Permission.WRITE in (self.instance.permissions or ()):
            self.initial["access"] = Permission.WRITE.value
        if "tenant" in self.fields:
            self.fields["tenant"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        space, tenant = cleaned.get("space"), cleaned.get("tenant")
        if space and tenant and space.tenant_id == tenant.id:
            self.add_error("tenant", f"The space {space} belongs to {tenant} already; allowed: another tenant.")
        return cleaned


@admin.register(Grant)
class GrantAdmin(RefusingAdmin):
    """The services write the audit rows: sharing and withdrawing have actions of their own."""

    form = GrantForm
    list_display = ["space", "owner", "tenant", "access", "created_at"]
    list_display_links = ["space"]
    list_select_related = ["space__tenant", "tenant"]
    list_per_page = 50
    search_fields = ["space__name", "space__tenant__slug", "tenant__slug"]
    ordering = ["space__name", "tenant__slug"]
    autocomplete_fields = ["space", "tenant"]
    fields = ["space", "tenant", "access"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        # What a tenant shares inside itself is its own affair.
        grants: QuerySet[Grant] = super().get_queryset(request)
        return grants.exclude(tenant=None)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": "Spaces shared between tenants", **(extra_context or {})})

    @admin.display(description="owner", ordering="space__tenant__slug")
    def owner(self, grant: Grant) -> str:
        return grant.space.tenant.slug

    @admin.display(description="access")
    def access(self, grant: Grant) -> str:
        return dict(ACCESS)[Permission.WRITE.value if Permission.WRITE in grant.permissions else Permission.READ.value]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "space" or super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["space", "tenant"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # They would read its memories in the dashboard, without a reason given.
        if Membership.objects.filter(tenant=obj.tenant, user__username=request.user.get_username()).exists():
            raise Refused(f"You are a member of {obj.tenant}; let another operator share a space with it.")
        write = form.cleaned_data["access"] == Permission.WRITE
        shared = share_space(operator_of(request), obj.space.name, obj.tenant.slug, write=write)
        obj.pk = shared.id

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        withdraw_space(operator_of(request), obj.space.name, obj.tenant.slug)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        for grant in queryset.select_related("space", "tenant"):
            self.delete_model(request, grant)
