"""Tenants: made, suspended, resumed. For operators."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from tenants.callers import Caller
from tenants.errors import Conflict, NotFound
from tenants.models import Membership, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import require_operator


@dataclass(frozen=True, slots=True)
class TenantView:
    id: UUID
    slug: str
    name: str
    status: str


def create_tenant(
    caller: Caller, slug: str, *, name: str = "", admin: str | None = None, password: str | None = None
) -> TenantView:
    """Make a tenant and, if named, its first admin; an existing user keeps their password.

    Raises ``Refused`` for all but operators, and ``Conflict`` for a taken slug.
    """
    require_operator(caller)
    with transaction.atomic():
        try:
            with transaction.atomic():
                tenant = Tenant.objects.create(slug=slug, name=name or slug)
        except IntegrityError as error:
            raise Conflict(f"The slug {slug!r} is taken.", "slug_taken") from error
        if admin is not None:
            users = get_user_model().objects
            user = users.filter(username=admin).first() or users.create_user(admin, password=password)
            Membership.objects.create(tenant=tenant, user=user, role=Membership.Role.ADMIN)
        with tenant_tx(tenant.id):
            record(caller.acting_for(tenant.id), Action.CREATE_TENANT, target=slug)
    return _view(tenant)


def suspend_tenant(caller: Caller, slug: str) -> TenantView:
    """Refuse the tenant's every call from the next request on; its memories stay. Raises ``Refused`` and ``NotFound``."""
    return _set_status(caller, slug, Tenant.Status.SUSPENDED, Action.SUSPEND_TENANT)


def resume_tenant(caller: Caller, slug: str) -> TenantView:
    """Let the tenant in again. Raises ``Refused`` and ``NotFound``."""
    return _set_status(caller, slug, Tenant.Status.ACTIVE, Action.RESUME_TENANT)


def list_tenants(caller: Caller) -> list[TenantView]:
    """Every tenant of the installation, by slug, for an operator. Raises ``Refused``."""
    require_operator(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        tenants = [_view(tenant) for tenant in Tenant.objects.order_by("slug")]
        record(caller, Action.LIST_TENANTS)
    return tenants


def lock_tenant(tenant_id: UUID) -> None:
    """Inside ``tenant_tx``: until it ends, nobody else changes who is in the tenant or how its spaces stand."""
    Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)


def _set_status(caller: Caller, slug: str, status: Tenant.Status, action: Action) -> TenantView:
    require_operator(caller)
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {slug!r}.")
    with tenant_tx(tenant.id):
        tenant.status = status
        tenant.save(update_fields=["status"])
        record(caller.acting_for(tenant.id), action, target=slug)
    return _view(tenant)


def _view(tenant: Tenant) -> TenantView:
    return TenantView(tenant.id, tenant.slug, tenant.name, tenant.status)
