"""API keys: made once, shown once, stored as a hash."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants.callers import Caller
from tenants.errors import Conflict, Invalid, InvalidCredentials, NotFound
from tenants.models import ApiKey, ApiKeySpace, Grant, Permission, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import administered, require_admin
from tenants.services.key_ends import AS_BEFORE, AsBefore, end_in_place_of, end_rotated, has_ended, refuse_rotated

MOST_LISTED = 1_000

_SCHEME = "egk"
# Compared against when no key has the prefix, so that an unknown prefix takes as long as a wrong secret.
_NOBODY = hashlib.sha256(b"").digest()
_LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as its tenant's admins see it; ``spaces`` is what it names, whether or not that is still live."""

    id: UUID
    name: str
    prefix: str
    spaces: Mapping[str, list[str]]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    revoked_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return has_ended(self, timezone.now())


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; ``api_key`` is never to be had again."""

    id: UUID
    name: str
    prefix: str
    api_key: str
    spaces: Mapping[str, frozenset[str]]
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExpiringKey:
    id: UUID
    name: str
    prefix: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    id: UUID
    tenant_id: UUID
    name: str


def list_keys(caller: Caller) -> list[KeyView]:
    """The tenant's newest thousand keys, newest first, ended ones too. Raises ``Refused`` for all but admins."""
    tenant = administered(caller)
    with tenant_tx(tenant.id, durable=False):
        keys = ApiKey.objects.filter(tenant=tenant).prefetch_related("spaces__space").order_by("-created_at", "-id")
        views = [_view(key) for key in keys[:MOST_LISTED]]
        record(caller, Action.LIST_KEYS)
    return views


def expiring_keys(tenant_id: UUID, within: timedelta, limit: int) -> list[ExpiringKey]:
    """The tenant's keys that end by themselves before long and have no other in their place, the next one first."""
    now = timezone.now()
    ending = ApiKey.objects.filter(
        tenant_id=tenant_id, revoked_at=None, rotated_at=None, expires_at__gt=now, expires_at__lt=now + within
    )
    rows = ending.order_by("expires_at").values_list("id", "name", "prefix", "expires_at")[:limit]
    return [ExpiringKey(key_id, name, prefix, expires_at) for key_id, name, prefix, expires_at in rows if expires_at]


def read_key(caller: Caller, key_id: UUID) -> KeyView:
    """Raises ``Refused`` for all but admins, and ``NotFound``, the same for another tenant's key."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        key = _found(caller, key_id)
        record(caller, Action.READ_KEY, target=key)
        return _view(key)


def create_key(
    caller: Caller,
    tenant_slug: str | None,
    spaces: Mapping[str, frozenset[str]],
    *,
    name: str,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key for some of the spaces that a tenant owns or has been granted: an admin's own tenant, or the one named by
    an operator.

    Raises ``Refused`` for all but admins, and ``Invalid`` for a space or permission beyond what the tenant holds.
    """
    tenant = administered(caller, tenant_slug)
    held = _held(tenant, spaces)
    for space_name, permissions in spaces.items():
        attr = f"spaces.{space_name}"
        if space_name not in held:
            raise Invalid(
                f"The tenant {tenant.slug!r} has no space {space_name!r} of its own or shared with it.",
                "unknown_space",
                attr,
            )
        most = held[space_name][1]
        if permissions - most:
            raise Invalid(
                f"The tenant {tenant.slug!r} holds {_listed(most)} on {space_name!r}; "
                f"a key cannot have {_listed(permissions)}.",
                "beyond_tenant",
                attr,
            )
    with tenant_tx(tenant.id):
        named = [(held[space_name][0].id, sorted(permissions)) for space_name, permissions in spaces.items()]
        key, api_key = _make(tenant.id, name, named, expires_at)
        record(caller.acting_for(tenant.id), Action.CREATE_KEY, target=name)
    return NewKey(key.id, name, key.prefix, api_key, spaces, key.created_at, expires_at)


def rotate_key(
    caller: Caller,
    key_id: UUID,
    *,
    grace: timedelta = timedelta(0),
    expires_at: datetime | AsBefore | None = AS_BEFORE,
) -> NewKey:
    """Put a new key in an old one's place, with its name and spaces, and its end unless another is given.

    The old one, with every token that came of it, ends at once or after ``grace``. Raises ``Refused`` for all but admins,
    ``NotFound``, and ``Conflict`` for a key that has ended or was rotated before.
    """
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        old = _found(caller, key_id, ApiKey.objects.select_for_update())
        now = timezone.now()
        if has_ended(old, now):
            raise Conflict(f"The key {old} has ended; make a new one.", "key_ended")
        refuse_rotated(old)
        named = list(old.spaces.select_related("space"))
        new, api_key = _make(
            old.tenant_id,
            old.name,
            [(holding.space_id, holding.permissions) for holding in named],
            end_in_place_of(old, expires_at),
        )
        end_rotated(old, now, grace)
        record(caller, Action.ROTATE_KEY, target=old)
    spaces = {holding.space.name: frozenset(holding.permissions) for holding in named}
    return NewKey(new.id, new.name, new.prefix, api_key, spaces, new.created_at, new.expires_at)


def revoke_key(caller: Caller, which: UUID | str) -> KeyView:
    """End a key, by its id or prefix, and every token that came of it; to revoke twice is to revoke once.

    Raises ``Refused`` for all but admins, and ``NotFound``; an operator may name any tenant's key.
    """
    require_admin(caller)
    key = _found(caller, which)
    with tenant_tx(key.tenant_id):
        ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=timezone.now())
        record(caller.acting_for(key.tenant_id), Action.REVOKE_KEY, target=key)
        return _view(_found(caller, which))


def verify_key(api_key: str) -> VerifiedKey:
    """Find the key behind a credential, comparing secrets in constant time; raise ``InvalidCredentials``."""
    scheme, _, rest = api_key.partition("_")
    prefix, _, secret = rest.partition("_")
    key = ApiKey.objects.filter(prefix=prefix).first() if scheme == _SCHEME else None
    matches = hmac.compare_digest(bytes(key.secret_sha256) if key else _NOBODY, _digest(secret))
    now = timezone.now()
    if key is None or not matches or has_ended(key, now):
        raise InvalidCredentials("The API key is not valid, has expired or has been revoked.")
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_PRECISION), id=key.id).update(
        last_used_at=now
    )
    return VerifiedKey(key.id, key.tenant_id, key.name)


def _held(tenant: Tenant, names: Iterable[str]) -> dict[str, tuple[Space, frozenset[str]]]:
    """Those of the named spaces that a tenant owns or has been granted, and what it may do there."""
    named = Space.objects.filter(name__in=list(names)).exclude(status=Space.Status.ERASING)
    granted = Grant.objects.filter(tenant=tenant, space__in=named).select_related("space")
    own = {space.name: (space, frozenset(Permission.values)) for space in named.filter(tenant=tenant)}
    return {grant.space.name: (grant.space, frozenset(grant.permissions)) for grant in granted} | own


def _make(
    tenant_id: UUID, name: str, spaces: Iterable[tuple[UUID, list[str]]], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        tenant_id=tenant_id, name=name, prefix=prefix, secret_sha256=_digest(secret), expires_at=expires_at
    )
    ApiKeySpace.objects.bulk_create(
        ApiKeySpace(key=key, space_id=space_id, permissions=permissions) for space_id, permissions in spaces
    )
    return key, f"{_SCHEME}_{prefix}_{secret}"


def _found(caller: Caller, which: UUID | str, keys: QuerySet[ApiKey] | None = None) -> ApiKey:
    keys = ApiKey.objects.all() if keys is None else keys
    if caller.actor.kind != "operator":
        keys = keys.filter(tenant_id=caller.tenant_id)
    key = keys.filter(id=which).first() if isinstance(which, UUID) else keys.filter(prefix=which).first()
    if key is None:
        raise NotFound(f"There is no key {which}.")
    return key


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        spaces={holding.space.name: holding.permissions for holding in key.spaces.all()},
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        rotated_at=key.rotated_at,
        revoked_at=key.revoked_at,
    )


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits, which need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _listed(permissions: frozenset[str]) -> str:
    return ", ".join(sorted(permissions))
