"""Signing keys: with them a tenant's backend mints tokens for its own users."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db.models import QuerySet
from django.utils import timezone

from tenants.callers import Caller
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import SigningKey
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.sealing import seal
from tenants.services.access import administered, require_admin
from tenants.services.key_ends import AS_BEFORE, AsBefore, end_in_place_of, end_rotated, has_ended, refuse_rotated

MOST_LISTED = 1_000
# RFC 7518, section 3.3, and for the secret (bytes) section 3.2, which asks for the hash's 32 at least.
LEAST_RSA_BITS = 2_048
SECRET_BYTES = 64

_ASKED = {
    SigningKey.Algorithm.RS256: f"an RSA public key of {LEAST_RSA_BITS:,} bits or more, in PEM",
    SigningKey.Algorithm.EDDSA: "an Ed25519 public key, in PEM",
}


@dataclass(frozen=True, slots=True)
class SigningKeyView:
    """``kid`` goes into the header of the tokens it signs. ``public_key`` is PEM, ``None`` for HS256."""

    id: UUID
    kid: str
    name: str
    algorithm: str
    public_key: str | None
    created_at: datetime
    expires_at: datetime | None
    rotated_at: datetime | None
    revoked_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return has_ended(self, timezone.now())


@dataclass(frozen=True, slots=True)
class ExpiringSigningKey:
    id: UUID
    name: str
    kid: str
    expires_at: datetime


def list_signing_keys(caller: Caller) -> list[SigningKeyView]:
    """The tenant's newest thousand signing keys, newest first, ended ones too. Raises ``Refused`` for all but admins."""
    tenant = administered(caller)
    with tenant_tx(tenant.id, durable=False):
        keys = SigningKey.objects.filter(tenant=tenant).order_by("-created_at", "-id")[:MOST_LISTED]
        views = [_view(key) for key in keys]
        record(caller, Action.LIST_SIGNING_KEYS)
    return views


def expiring_signing_keys(tenant_id: UUID, within: timedelta, limit: int) -> list[ExpiringSigningKey]:
    """The tenant's signing keys that end by themselves before long and have no other in their place, the next one first."""
    now = timezone.now()
    ending = SigningKey.objects.filter(
        tenant_id=tenant_id, revoked_at=None, rotated_at=None, expires_at__gt=now, expires_at__lt=now + within
    )
    rows = ending.order_by("expires_at").values_list("id", "name", "kid", "expires_at")[:limit]
    return [ExpiringSigningKey(key_id, name, kid, expires_at) for key_id, name, kid, expires_at in rows if expires_at]


def read_signing_key(caller: Caller, key_id: UUID) -> SigningKeyView:
    """Raises ``Refused`` for all but admins, and ``NotFound``, the same for another tenant's key."""
    require_admin(caller)
    with tenant_tx(caller.tenant_id, durable=False):
        key = _found(caller, key_id, SigningKey.objects.all())
        record(caller, Action.READ_SIGNING_KEY, target=key)
    return _view(key)


def create_signing_key(
    caller: Caller, *, name: str, algorithm: str, public_key: str | None = None, expires_at: datetime | None = None
) -> tuple[SigningKeyView, str | None]:
    """Register a public key for RS256 or EdDSA; for HS256 draw a secret, which is never to be had again.

    The text of that secret, 86 characters for its 64 random bytes, is what the tenant signs with, as it stands.
    Raises ``Refused`` for all but admins, and ``Invalid`` for a public key that does not suit the algorithm.
    """
    tenant = administered(caller)
    material, secret = _material(algorithm, public_key)
    with tenant_tx(tenant.id):
        key = _make(tenant.id, name, algorithm, material, expires_at)
        record(caller, Action.CREATE_SIGNING_KEY, target=key)
    return _view(key), secret


def rotate_signing_key(
    caller: Caller,
    key_id: UUID,
    *,
    public_key: str | None = None,
    grace: timedelta = timedelta(0),
    expires_at: datetime | AsBefore | None = AS_BEFORE,
) -> tuple[SigningKeyView, str | None]:
    """Put a new key in an old one's place, with its name and algorithm, and its end unless another is given.

    It has a ``kid`` of its own, and ``public_key`` or a new secret as ``create_signing_key`` says. The old one, with every token
    signed with it, ends at once or after ``grace``. Raises as that does, ``NotFound``, and ``Conflict`` for a key that has ended
    or was rotated before.
    """
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        old = _found(caller, key_id, SigningKey.objects.select_for_update())
        now = timezone.now()
        if has_ended(old, now):
            raise Conflict(f"The signing key {old} has ended; register a new one.", "key_ended")
        refuse_rotated(old)
        material, secret = _material(old.algorithm, public_key)
        new = _make(old.tenant_id, old.name, old.algorithm, material, end_in_place_of(old, expires_at))
        end_rotated(old, now, grace)
        record(caller, Action.ROTATE_SIGNING_KEY, target=old)
    return _view(new), secret


def revoke_signing_key(caller: Caller, key_id: UUID) -> None:
    """End a signing key and every token signed with it; to revoke twice is to revoke once.

    Raises ``Refused`` for all but admins, and ``NotFound``, the same for another tenant's key.
    """
    require_admin(caller)
    with tenant_tx(caller.tenant_id):
        key = _found(caller, key_id, SigningKey.objects.all())
        SigningKey.objects.filter(id=key_id, revoked_at=None).update(revoked_at=timezone.now())
        record(caller, Action.REVOKE_SIGNING_KEY, target=key)


def _found(caller: Caller, key_id: UUID, keys: QuerySet[SigningKey]) -> SigningKey:
    key = keys.filter(id=key_id, tenant_id=caller.tenant_id).first()
    if key is None:
        raise NotFound(f"There is no signing key {key_id}.")
    return key


def _make(tenant_id: UUID, name: str, algorithm: str, material: str, expires_at: datetime | None) -> SigningKey:
    return SigningKey.objects.create(
        tenant_id=tenant_id,
        name=name,
        kid=f"sk_{secrets.token_hex(6)}",
        algorithm=algorithm,
        material=material,
        expires_at=expires_at,
    )


def _material(algorithm: str, public_key: str | None) -> tuple[str, str | None]:
    """What is stored of a key, and the secret that was drawn for it, if it is of HS256."""
    if algorithm != SigningKey.Algorithm.HS256:
        return _checked(algorithm, public_key), None
    if public_key is not None:
        raise Invalid("HS256 takes no 'public_key': its secret is drawn here.", attr="public_key")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return seal(secret.encode()), secret


def _checked(algorithm: str, pem: str | None) -> str:
    """The public key as PEM (SubjectPublicKeyInfo), if it suits the algorithm."""
    asked = _ASKED[SigningKey.Algorithm(algorithm)]
    if pem is None:
        raise Invalid(f"{algorithm} needs 'public_key': {asked}.", "required", "public_key")
    if "PRIVATE KEY" in pem:
        raise Invalid(
            f"'public_key' is a private key, which must stay with you; allowed: {asked}.", "private_key", "public_key"
        )
    key = _parsed(pem, asked)
    if isinstance(key, RSAPublicKey) and algorithm == SigningKey.Algorithm.RS256:
        if key.key_size < LEAST_RSA_BITS:
            raise Invalid(
                f"'public_key' is an RSA key of {key.key_size:,} bits; allowed: {asked}.", "weak_key", "public_key"
            )
    elif not (isinstance(key, Ed25519PublicKey) and algorithm == SigningKey.Algorithm.EDDSA):
        raise Invalid(f"'public_key' is a key of another kind; allowed: {asked}.", "wrong_key", "public_key")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _parsed(pem: str, asked: str) -> PublicKeyTypes:
    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid(
            f"'public_key' is not a public key in PEM; allowed: {asked}.", "malformed_key", "public_key"
        ) from error


def _view(key: SigningKey) -> SigningKeyView:
    return SigningKeyView(
        id=key.id,
        kid=key.kid,
        name=key.name,
        algorithm=key.algorithm,
        public_key=None if key.algorithm == SigningKey.Algorithm.HS256 else key.material,
        created_at=key.created_at,
        expires_at=key.expires_at,
        rotated_at=key.rotated_at,
        revoked_at=key.revoked_at,
    )
