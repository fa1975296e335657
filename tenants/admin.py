"""Operators' pages for the control plane. No page here shows a memory or a secret; whatever is changed is audited where the
tenant can see it. Tenants and spaces are not deleted here: that would leave their memories without an owner."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.callers import Actor, Caller
from tenants.limits import check_overrides, installation
from tenants.models import ApiKey, ApiKeySpace, Grant, Membership, Permission, Space, Team, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.tenants import resume_tenant, suspend_tenant


def operator_of(request: HttpRequest) -> Caller:
    actor = Actor("operator", str(request.user.pk), request.user.get_username())
    return Caller(UUID(int=0), actor, {}, request.origin)  # type: ignore[attr-defined]


class AuditedAdmin(admin.ModelAdmin):
    """Django's log entries, and a row in the audit trail of the tenant concerned."""

    def tenant_id(self, instance: Any) -> UUID:
        return instance.tenant_id  # type: ignore[no-any-return]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        # Until it is stored, the database has not given it the key that rows below it would name.
        return super().get_inlines(request, obj) if obj else []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "add")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "change")
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for instance in queryset:
            self._record(request, instance, "delete")
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, instance: Any, verb: str) -> None:
        caller = operator_of(request).acting_for(self.tenant_id(instance))
        with tenant_tx(caller.tenant_id):
            record(caller, Action.ADMINISTER, target=f"{verb} {instance._meta.verbose_name} {instance}")


class PermissionsForm(forms.ModelForm):
    permissions = forms.MultipleChoiceField(choices=Permission.choices, widget=forms.CheckboxSelectMultiple)


class GrantForm(PermissionsForm):
    permissions = forms.MultipleChoiceField(
        choices=[(choice.value, choice.label) for choice in (Permission.READ, Permission.WRITE)],
        widget=forms.CheckboxSelectMultiple,
    )


class SpaceForm(forms.ModelForm):
    """``limits`` are checked as those of ``engram.toml`` are; teams are those of the space's tenant."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        inherited = ", ".join(f"{name} {value:,}" for name, value in asdict(installation().limits).items())
        self.fields["limits"].help_text = f"As JSON, only those that this space has of its own. Else hold: {inherited}."
        teams: Any = self.fields["team"]
        teams.queryset = Team.objects.filter(tenant_id=self.instance.tenant_id)

    def clean_limits(self) -> dict[str, int]:
        given = self.cleaned_data["limits"]
        try:
            return check_overrides({} if given is None else given)
        except ValueError as error:
            raise forms.ValidationError(str(error), "limits") from error


class MembershipInline(admin.TabularInline):
    model = Membership
    autocomplete_fields = ["user"]
    extra = 0


class GrantInline(admin.TabularInline):
    model = Grant
    form = GrantForm
    fields = ["tenant", "permissions"]
    autocomplete_fields = ["tenant"]
    extra = 0
    verbose_name = "tenant it is shared with"
    verbose_name_plural = "shared with"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        # What a tenant shares inside itself is its own affair.
        grants: QuerySet[Grant] = super().get_queryset(request)
        return grants.exclude(tenant=None)


class ApiKeySpaceInline(admin.TabularInline):
    model = ApiKeySpace
    form = PermissionsForm
    autocomplete_fields = ["space"]
    extra = 0


@admin.register(Tenant)
class TenantAdmin(AuditedAdmin):
    list_display = ["slug", "name", "status", "space_count", "member_count", "created_at"]
    list_filter = ["status"]
    search_fields = ["slug", "name"]
    # Said again, because counting in the query drops the model's own order.
    ordering = ["slug"]
    readonly_fields = ["created_at"]
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # A slug stands in logs and scripts; it stays what it was.
        return ["slug", "created_at"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Suspend the chosen tenants", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            suspend_tenant(operator_of(request), tenant.slug)
        self.message_user(request, f"Suspended: {', '.join(tenant.slug for tenant in queryset)}.", messages.SUCCESS)

    @admin.action(description="Let the chosen tenants in again", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            resume_tenant(operator_of(request), tenant.slug)
        self.message_user(request, f"Let in again: {', '.join(tenant.slug for tenant in queryset)}.", messages.SUCCESS)


@admin.register(Space)
class SpaceAdmin(AuditedAdmin):
    form = SpaceForm
    list_display = ["name", "title", "tenant", "parent", "team", "status", "shared_with", "created_at"]
    list_filter = ["status"]
    list_select_related = ["tenant", "parent", "team"]
    search_fields = ["name", "title", "tenant__slug"]
    ordering = ["name"]
    autocomplete_fields = ["tenant", "parent"]
    inlines = [GrantInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Space]:
        spaces: QuerySet[Space] = super().get_queryset(request)
        return spaces.annotate(grants_=Count("grants", filter=Q(grants__tenant__isnull=False)))

    @admin.display(description="shared with", ordering="grants_")
    def shared_with(self, space: Any) -> str:
        return f"{space.grants_} tenant{'s' * (space.grants_ != 1)}" if space.grants_ else "–"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        embedding = settings.DEFAULT_EMBEDDING
        return {"embedding_model": embedding["model"], "embedding_dimension": embedding["dimension"]}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Tokens, metrics and stored vectors hang on these.
        return ["name", "tenant", "embedding_model", "embedding_dimension", "created_at"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin):
    """Keys are made by ``create_key``, which shows the secret once; here they are narrowed, given an end or revoked."""

    list_display = ["__str__", "tenant", "state", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["tenant"]
    search_fields = ["name", "prefix", "tenant__slug"]
    fields = ["tenant", "name", "prefix", "created_at", "last_used_at", "expires_at", "revoked_at"]
    readonly_fields = ["tenant", "prefix", "created_at", "last_used_at", "revoked_at"]
    inlines = [ApiKeySpaceInline]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "active"

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.filter(revoked_at=None):
            caller = operator_of(request).acting_for(key.tenant_id)
            with tenant_tx(key.tenant_id):
                ApiKey.objects.filter(id=key.id).update(revoked_at=timezone.now())
                record(caller, Action.REVOKE_KEY, target=key)
        self.message_user(request, "Revoked. Their tokens are refused from now on.", messages.SUCCESS)
