"""API keys and signing keys: narrowed, given an end, revoked; never seen. They are made where their secret is shown once."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.admin.base import AuditedAdmin, NamedFields, asked_first, operator_of
from tenants.callers import Caller
from tenants.models import ApiKey, ApiKeySpace, Permission, SigningKey
from tenants.services.keys import revoke_key
from tenants.services.signing_keys import revoke_signing_key


class PermissionsForm(forms.ModelForm):
    permissions = forms.MultipleChoiceField(choices=Permission.choices, widget=forms.CheckboxSelectMultiple)


class ApiKeySpaceInline(admin.TabularInline):
    model = ApiKeySpace
    form = PermissionsForm
    formset = NamedFields
    autocomplete_fields = ["space"]
    extra = 0


class KeyAdmin(AuditedAdmin):
    list_per_page = 50
    list_select_related = ["tenant"]
    actions = ["revoke"]

    def revoke_one(self, caller: Caller, key_id: UUID) -> None:
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="state")
    def state(self, key: Any) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "active"

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        asking = asked_first(
            self,
            request,
            queryset,
            question="Revoke these keys?",
            consequence="Whatever uses them is refused from its next request on. This cannot be undone.",
            yes="Yes, revoke them",
        )
        if asking is not None:
            return asking
        for key in queryset.filter(revoked_at=None):
            self.revoke_one(operator_of(request).acting_for(key.tenant_id), key.id)
        self.message_user(request, "Revoked. Their tokens are refused from now on.", messages.SUCCESS)
        return None


@admin.register(ApiKey)
class ApiKeyAdmin(KeyAdmin):
    list_display = ["__str__", "tenant", "state", "created_at", "expires_at", "last_used_at"]
    search_fields = ["name", "prefix", "tenant__slug"]
    fields = ["tenant", "name", "prefix", "created_at", "last_used_at", "expires_at", "rotated_at", "revoked_at"]
    readonly_fields = ["tenant", "prefix", "created_at", "last_used_at", "rotated_at", "revoked_at"]
    inlines = [ApiKeySpaceInline]

    def revoke_one(self, caller: Caller, key_id: UUID) -> None:
        revoke_key(caller, key_id)


@admin.register(SigningKey)
class SigningKeyAdmin(KeyAdmin):
    list_display = ["__str__", "tenant", "algorithm", "state", "created_at", "expires_at"]
    search_fields = ["name", "kid", "tenant__slug"]
    fields = ["tenant", "name", "kid", "algorithm", "created_at", "expires_at", "rotated_at", "revoked_at"]
    readonly_fields = ["tenant", "kid", "algorithm", "created_at", "rotated_at", "revoked_at"]

    def revoke_one(self, caller: Caller, key_id: UUID) -> None:
        revoke_signing_key(caller, key_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
