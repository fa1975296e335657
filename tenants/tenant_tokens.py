"""Reading tokens that a tenant's backend signed with its own registered key.

Such a token names one space in the seed's words: ``{"sub": "user-17", "memory_space_id": "acme_support", "permissions":
["read"], "aud": "engram-api", "exp": …}``, with the signing key's id as ``kid`` in its header. It reaches the tenant's own spaces
alone. Against the known mistakes with JWTs (OWASP's cheat sheet): the algorithm is the registered key's and never the header's,
so neither ``none`` nor a public key taken for a secret verifies; the key is looked up by an id, never fetched from a URL or
taken from the header; audience, expiry and subject are required; and no token may live longer than a day.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from tenants.callers import Actor
from tenants.errors import InvalidToken
from tenants.models import Permission, SigningKey
from tenants.sealing import unseal
from tenants.tokens import AccessToken

LONGEST_LIFE = timedelta(days=1)
LEEWAY = timedelta(seconds=30)


def signing_key_id(token: str) -> str | None:
    """The ``kid`` in a token's header, which says whose token it claims to be; ``None`` for one of ours."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError as error:
        raise InvalidToken from error
    return kid


def read_tenant_token(token: str, kid: str) -> AccessToken:
    """Verify a tenant-signed token against its registered key; raise ``InvalidToken``."""
    now = timezone.now()
    standing = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    key = SigningKey.objects.filter(standing, kid=kid).first()
    if key is None:
        raise InvalidToken("The token's signing key is not known, or no longer.")
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
        if datetime.fromtimestamp(payload["exp"], UTC) > now + LONGEST_LIFE + LEEWAY:
            raise InvalidToken(f"The token expires too far ahead; allowed: within {LONGEST_LIFE.days} day.")
        spaces = _claims(payload)
    except (jwt.InvalidTokenError, OverflowError, ValueError) as error:
        raise InvalidToken from error
    subject = str(payload["sub"])[:150]
    return AccessToken(key.tenant_id, Actor("subject", f"{key.kid}:{subject}", subject), spaces)


def _claims(payload: dict[str, Any]) -> dict[str, frozenset[str]]:
    space, permissions = payload.get("memory_space_id"), payload.get("permissions")
    known = set(Permission.values)
    if not isinstance(space, str) or not isinstance(permissions, list) or not known.issuperset(map(str, permissions)):
        raise InvalidToken(
            "The token must name one space as 'memory_space_id' and its 'permissions', of read, write and manage."
        )
    return {space: frozenset(permissions)}
