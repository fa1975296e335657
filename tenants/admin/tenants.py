"""Tenants: made, named, suspended, let in again."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from tenants.admin.base import AuditedAdmin, NamedFields, asked_first, operator_of
from tenants.callers import Caller
from tenants.errors import Refused
from tenants.models import Membership, Tenant
from tenants.services.members import add_member, remove_member, update_member
from tenants.services.tenants import TenantView, resume_tenant, suspend_tenant

SetStatus = Callable[[Caller, str], TenantView]


class MembershipForm(forms.ModelForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown: dict[str, Any] = self.fields
        # One membership is one person's: another person's is another.
        if self.instance.pk and "user" in shown:
            shown["user"].disabled = True


class MembershipInline(admin.TabularInline):
    """Who is in a tenant is for its admins to say. Operators let the first people in, and superusers repair."""

    model = Membership
    form = MembershipForm
    formset = NamedFields
    autocomplete_fields = ["user"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if request.user.is_superuser:
            return True
        has_nobody = obj is not None and not Membership.objects.filter(tenant=obj).exists()
        return has_nobody and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


class TenantAdmin(AuditedAdmin):
    list_display = ["slug", "name", "status", "space_count", "member_count", "created"]
    list_filter = ["status"]
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    search_fields = ["slug", "name"]
    # Said again, because counting in the query drops the model's own order.
    ordering = ["slug"]
    inlines = [MembershipInline]
    actions = ["suspend", "resume"]

    def tenant_id(self, instance: Any) -> UUID:
        return instance.id  # type: ignore[no-any-return]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        counts = {"spaces_": Count("spaces", distinct=True), "members_": Count("memberships", distinct=True)}
        tenants: QuerySet[Tenant] = super().get_queryset(request)
        return tenants.annotate(**counts)

    @admin.display(description="spaces", ordering="spaces_")
    def space_count(self, tenant: Any) -> int:
        return int(tenant.spaces_)

    @admin.display(description="members", ordering="members_")
    def member_count(self, tenant: Any) -> int:
        return int(tenant.members_)

    @admin.display(description="created", ordering="created_at")
    def created(self, tenant: Tenant) -> date:
        return tenant.created_at.date()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # A slug stands in logs and scripts; it stays what it was.
        return ["slug", "created_at"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["slug", "name", "status", "created_at"] if obj else ["slug", "name"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "status" in form.changed_data:
            set_status = suspend_tenant if obj.status == Tenant.Status.SUSPENDED else resume_tenant
            set_status(operator_of(request), obj.slug)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Members through their services, which keep the last admin, end tokens and write the tenant's trail."""
        tenant: Tenant = form.instance
        caller = operator_of(request).acting_for(tenant.id)
        formset.save(commit=False)
        # Admins come before others go, so that one form can replace the last.
        changed = sorted((row for row, _ in formset.changed_objects), key=lambda row: row.role != Membership.Role.ADMIN)
        _check_not_oneself(request, [*formset.new_objects, *changed])
        for row in formset.new_objects:
            add_member(caller, row.user.get_username(), row.role, tenant_slug=tenant.slug)
        for row in changed:
            update_member(caller, row.user.get_username(), role=row.role)
        for row in formset.deleted_objects:
            remove_member(caller, row.user.get_username())

    @admin.action(description="Suspend the chosen tenants", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> HttpResponse | None:
        asking = asked_first(
            self,
            request,
            queryset,
            question="Suspend these tenants?",
            consequence="Their every call is refused from the next request on, and so are their guests in their spaces. "
            "Their memories stay, and you can let them in again.",
            yes="Yes, suspend them",
        )
        if asking is None:
            self._set_status(request, queryset, suspend_tenant, "Suspended")
        return asking

    @admin.action(description="Let the chosen tenants in again", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        self._set_status(request, queryset, resume_tenant, "Let in again")

    def _set_status(self, request: HttpRequest, tenants: QuerySet[Tenant], set_status: SetStatus, done: str) -> None:
        slugs = [tenant.slug for tenant in tenants]
        for slug in slugs:
            set_status(operator_of(request), slug)
        self.message_user(request, f"{done}: {', '.join(slugs)}.", messages.SUCCESS)


def _check_not_oneself(request: HttpRequest, memberships: Sequence[Membership]) -> None:
    """Whoever let themself in here would read memories without a reason given."""
    if any(membership.user_id == request.user.pk for membership in memberships):
        raise Refused(
            "Nobody lets themself into a tenant or changes their own role here. To read memories, break the glass."
        )
