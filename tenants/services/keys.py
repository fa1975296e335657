"""API keys: made once, shown once, stored as a hash."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from tenants.callers import Caller
from tenants.errors import Conflict, InvalidCredentials, NotFound
from tenants.models import ApiKey, ApiKeySpace, Grant, Permission, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx

_SCHEME = "egk"
# Compared against when no key has the prefix, so that an unknown prefix takes as long as a wrong secret.
_NOBODY = hashlib.sha256(b"").digest()
_LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; ``api_key`` is never to be had again."""

    id: UUID
    name: str
    api_key: str
    spaces: Mapping[str, frozenset[str]]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    id: UUID
    tenant_id: UUID
    name: str


def create_key(
    caller: Caller,
    tenant_slug: str,
    spaces: Mapping[str, frozenset[str]],
    *,
    name: str,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of a tenant for some of the spaces that the tenant owns or has been granted.

    Raises ``NotFound`` for an unknown tenant or space and ``Conflict`` for a permission beyond what the tenant holds.
    """
    tenant = Tenant.objects.filter(slug=tenant_slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_slug!r}.")
    found = {space.name: space for space in Space.objects.filter(name__in=spaces)}
    for space_name, permissions in spaces.items():
        space = found.get(space_name)
        held = tenant_permissions(tenant.id, space) if space else frozenset()
        if not held:
            raise NotFound(f"The tenant {tenant_slug!r} has no space {space_name!r} of its own or shared with it.")
        if permissions - held:
            raise Conflict(
                f"The tenant {tenant_slug!r} holds {_listed(held)} on {space_name!r}; a key cannot have {_listed(permissions)}."
            )
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with tenant_tx(tenant.id):
        key = ApiKey.objects.create(
            tenant=tenant, name=name, prefix=prefix, secret_sha256=_digest(secret), expires_at=expires_at
        )
        ApiKeySpace.objects.bulk_create(
            ApiKeySpace(key=key, space=found[space_name], permissions=sorted(permissions))
            for space_name, permissions in spaces.items()
        )
        record(caller.acting_for(tenant.id), Action.CREATE_KEY, target=name)
    return NewKey(key.id, name, f"{_SCHEME}_{prefix}_{secret}", spaces, expires_at)


def verify_key(api_key: str) -> VerifiedKey:
    """Find the key behind a credential, comparing secrets in constant time; raise ``InvalidCredentials``."""
    scheme, _, rest = api_key.partition("_")
    prefix, _, secret = rest.partition("_")
    key = ApiKey.objects.filter(prefix=prefix).first() if scheme == _SCHEME else None
    matches = hmac.compare_digest(bytes(key.secret_sha256) if key else _NOBODY, _digest(secret))
    now = timezone.now()
    if key is None or not matches or key.revoked_at or (key.expires_at and key.expires_at <= now):
        raise InvalidCredentials("The API key is not valid, has expired or has been revoked.")
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_PRECISION), id=key.id).update(
        last_used_at=now
    )
    return VerifiedKey(key.id, key.tenant_id, key.name)


def tenant_permissions(tenant_id: UUID, space: Space) -> frozenset[str]:
    """What a tenant holds on a space: everything on its own, else what it has been granted."""
    if space.tenant_id == tenant_id:
        return frozenset(Permission.values)
    grant = Grant.objects.filter(space=space, tenant_id=tenant_id).first()
    return frozenset(grant.permissions) if grant else frozenset()


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits, which need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _listed(permissions: frozenset[str]) -> str:
    return ", ".join(sorted(permissions))
