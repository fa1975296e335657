"""Sharing a space with another tenant, and taking that back. For operators."""

from dataclasses import dataclass

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound
from tenants.models import Grant, Permission, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx


@dataclass(frozen=True, slots=True)
class GrantView:
    space: str
    tenant: str
    permissions: list[str]


def share_space(caller: Caller, name: str, tenant_slug: str, *, write: bool = False) -> GrantView:
    """Grant a tenant a space of another's: to read, or to read and write. Granting again replaces what was granted."""
    space, tenant = _both(name, tenant_slug)
    if space.tenant_id == tenant.id:
        raise Invalid(f"The space {name!r} belongs to {tenant_slug!r} already; share it with another tenant.")
    permissions = [Permission.READ.value, Permission.WRITE.value] if write else [Permission.READ.value]
    with tenant_tx(space.tenant_id):
        Grant.objects.update_or_create(space=space, tenant=tenant, defaults={"permissions": permissions})
        record(caller.acting_for(space.tenant_id), Action.SHARE_SPACE, target=f"{name} with {tenant_slug}")
    return GrantView(name, tenant_slug, permissions)


def withdraw_space(caller: Caller, name: str, tenant_slug: str) -> None:
    """Take a grant back; it counts from the grantee's next request."""
    space, tenant = _both(name, tenant_slug)
    with tenant_tx(space.tenant_id):
        withdrawn, _ = Grant.objects.filter(space=space, tenant=tenant).delete()
        if not withdrawn:
            raise NotFound(f"The space {name!r} is not shared with {tenant_slug!r}.")
        record(caller.acting_for(space.tenant_id), Action.WITHDRAW_SPACE, target=f"{name} from {tenant_slug}")


def _both(name: str, tenant_slug: str) -> tuple[Space, Tenant]:
    space = Space.objects.filter(name=name).first()
    if space is None:
        raise NotFound(f"There is no space {name!r}.")
    tenant = Tenant.objects.filter(slug=tenant_slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_slug!r}.")
    return space, tenant
