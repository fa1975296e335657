"""Reading tokens that a tenant's backend signed with its own registered key.

Such a token names one space in the seed's words: ``{"sub": "user-17", "memory_space_id": "acme_support", "permissions":
["read"], "aud": "engram-api", "exp": …}``, with the signing key's id as ``kid`` in its header. It reaches the tenant's own spaces
alone. Against the known mistakes with JWTs (OWASP's cheat sheet): the algorithm is the registered key's and never the header's,
so neither ``none`` nor a public key taken for a secret verifies; the key is looked up by an id, never fetched from a URL or
taken from the header; audience, expiry and subject are required; and no token may live longer than a day.
"""

import re
from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from tenants.callers import Actor
from tenants.errors import InvalidToken
from tenants.models import SPACE_NAME, Permission, SigningKey
from tenants.sealing import unseal
from tenants.tokens import AccessToken

LONGEST_LIFE = timedelta(days=1)
LEEWAY = timedelta(seconds=30)
MOST_SUBJECT = 150
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


def signing_key_id(token: str) -> str | None:
    """The ``kid`` in a token's header, which says whose token it claims to be; ``None`` for one of ours."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError as error:
        raise InvalidToken from error
    return kid


def read_tenant_token(token: str, kid: str) -> AccessToken:
    """Verify a tenant-signed token against its registered key; raise ``InvalidToken``."""
    key = _standing_key(kid)
    secret = unseal(key.material) if key.algorithm == SigningKey.Algorithm.HS256 else key.material
    try:
        payload = jwt.decode(
            token,
            secret,
            algorithms=[key.algorithm],
            audience=settings.TOKEN_AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["exp", "aud", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise InvalidToken from error
    if int(payload["exp"]) > (timezone.now() + LONGEST_LIFE + LEEWAY).timestamp():
        raise InvalidToken(f"The token expires too far ahead; allowed: within {LONGEST_LIFE.days} day.")
    subject = _subject(payload["sub"])
    return AccessToken(key.tenant_id, Actor("subject", f"{key.kid}:{subject}", subject), _claims(payload))


def _standing_key(kid: str) -> SigningKey:
    standing = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    # Whoever has no key may still write anything into a header, even what the database cannot take.
    key = SigningKey.objects.filter(standing, kid=kid).first() if _KEY_ID.match(kid) else None
    if key is None:
        raise InvalidToken("The token's signing key is not known, or no longer.")
    return key


def _subject(subject: str) -> str:
    """As it stands in the audit trail: whole, so that no two subjects are taken for one, and on one line."""
    if not 1 <= len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise InvalidToken(f"The token's 'sub' must be 1 to {MOST_SUBJECT} printable characters.")
    return subject


def _claims(payload: dict[str, Any]) -> dict[str, frozenset[str]]:
    space, permissions = payload.get("memory_space_id"), payload.get("permissions")
    if (
        not (isinstance(space, str) and re.match(SPACE_NAME.regex, space))
        or not (isinstance(permissions, list) and permissions)
        or not set(Permission.values).issuperset(map(str, permissions))
    ):
        raise InvalidToken(
            "The token must name one space as 'memory_space_id' and its 'permissions', of read, write and manage."
        )
    return {space: frozenset(permissions)}
