"""Signing and reading access tokens: the one module that knows the JWT library.

Access tokens are JWTs with ``iss aud sub name tenant spaces whole jti iat exp``. Refresh tokens are opaque to clients too, but
are JWTs of another ``typ`` whose ``jti`` is a row, so that neither kind can stand in for the other.
"""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from tenants.callers import Actor
from tenants.errors import InvalidToken
from tenants.models import Permission

TokenType = Literal["access", "refresh"]
Claims = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid access token says; ``whole`` as in ``Caller``."""

    tenant_id: UUID
    actor: Actor
    spaces: Claims
    whole: bool = False


@cache
def _backends() -> list[TokenBackend]:
    """One for each signing key: the first signs and verifies, the others verify what was signed before the key changed."""
    # The algorithm is ours, never the token's: a header that names another one does not verify.
    return [
        TokenBackend(algorithm="HS256", signing_key=key, issuer=settings.TOKEN_ISSUER, audience=settings.TOKEN_AUDIENCE)
        for key in (settings.TOKEN_SIGNING_KEY, *settings.TOKEN_PREVIOUS_SIGNING_KEYS)
    ]


def sign_access(tenant_id: UUID, actor: Actor, spaces: Claims, *, whole: bool = False) -> str:
    """Sign a token that lives ``TOKEN_ACCESS_LIFETIME`` and names these spaces."""
    return _sign(
        "access",
        uuid.uuid4(),
        settings.TOKEN_ACCESS_LIFETIME,
        sub=f"{actor.kind}:{actor.id}",
        name=actor.name,
        tenant=str(tenant_id),
        spaces={name: sorted(permissions) for name, permissions in spaces.items()},
        whole=whole,
    )


def sign_refresh(jti: UUID) -> str:
    return _sign("refresh", jti, settings.TOKEN_REFRESH_LIFETIME)


def _sign(token_type: TokenType, jti: UUID, lifetime: timedelta, **claims: Any) -> str:
    now = datetime.now(UTC)
    return _backends()[0].encode(
        {"token_type": token_type, "jti": str(jti), "iat": now, "exp": now + lifetime, **claims}
    )


def read_access(token: str) -> AccessToken:
    """Verify an access token's signature, issuer, audience, times and shape; raise ``InvalidToken``."""
    payload = _read(token, "access")
    try:
        kind, _, actor_id = payload["sub"].partition(":")
        if kind not in {"key", "member"}:
            raise InvalidToken
        spaces = {
            name: frozenset(permissions) & frozenset(Permission.values)
            for name, permissions in payload["spaces"].items()
        }
        actor = Actor(kind, actor_id, payload["name"])
        return AccessToken(UUID(payload["tenant"]), actor, spaces, payload["whole"] is True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidToken from error


def read_refresh(token: str) -> UUID:
    """Verify a refresh token and return its row's id; raise ``InvalidToken``."""
    try:
        return UUID(_read(token, "refresh")["jti"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidToken from error


def _read(token: str, token_type: TokenType) -> Mapping[str, Any]:
    payload = _verified(token)
    if payload.get("token_type") != token_type or "exp" not in payload:
        raise InvalidToken
    return payload


def _verified(token: str) -> Mapping[str, Any]:
    for backend in _backends():
        with suppress(TokenBackendError):
            payload: Mapping[str, Any] = backend.decode(token, verify=True)  # type: ignore[arg-type]  # it takes text
            return payload
    raise InvalidToken
