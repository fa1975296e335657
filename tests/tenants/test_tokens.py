"""Access and refresh tokens, as they are signed and read."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from tenants.callers import Actor
from tenants.errors import InvalidToken
from tenants.tokens import read_access, read_refresh, sign_access, sign_refresh

TENANT = uuid4()
ACTOR = Actor("key", str(uuid4()), "a key")
MISSING: Any = object()
SPACES = {"acme_s1": frozenset({"read", "write"}), "acme_shared": frozenset({"read"})}


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(algorithm: str = "HS256", **changes: Any) -> str:
    """A token of ours with some of its claims changed, and those that are ``MISSING`` left out."""
    claims = {**claims_of(sign_access(TENANT, ACTOR, SPACES)), **changes}
    given = {name: value for name, value in claims.items() if value is not MISSING}
    return jwt.encode(given, settings.TOKEN_SIGNING_KEY, algorithm)


def test_what_is_signed_is_what_is_read() -> None:
    read = read_access(sign_access(TENANT, ACTOR, SPACES))
    assert (read.tenant_id, read.actor, read.spaces) == (TENANT, ACTOR, SPACES)


def test_a_refresh_token_names_its_row_and_nothing_else() -> None:
    row = uuid4()
    token = sign_refresh(row)
    assert read_refresh(token) == row
    assert set(claims_of(token)) == {"token_type", "jti", "iat", "exp", "iss", "aud"}


def test_permissions_that_do_not_exist_are_dropped() -> None:
    assert read_access(signed(spaces={"acme_s1": ["read", "own", "*"]})).spaces == {"acme_s1": frozenset({"read"})}


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "token_type", "sub", "name", "tenant", "spaces"])
def test_a_token_without_one_of_its_claims_is_refused(claim: str) -> None:
    with pytest.raises(InvalidToken):
        read_access(signed(**{claim: MISSING}))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody-else"),
        ("aud", "somebody-else"),
        ("aud", ["another", "others"]),
        ("token_type", "refresh"),
        ("token_type", "Access"),
        ("sub", 7),
        ("sub", "operator:root"),
        ("sub", "system:system"),
        ("sub", "anonymous:"),
        ("tenant", "acme"),
        ("tenant", 7),
        ("tenant", ""),
        ("spaces", "acme_s1"),
        ("spaces", ["acme_s1"]),
        ("spaces", {"acme_s1": 7}),
        ("spaces", {"acme_s1": [["read"]]}),
        ("exp", datetime.now(UTC) - timedelta(seconds=1)),
        ("exp", "never"),
        ("iat", datetime.now(UTC) + timedelta(hours=1)),
        ("nbf", datetime.now(UTC) + timedelta(hours=1)),
    ],
)
def test_a_token_with_a_claim_that_does_not_hold_is_refused(claim: str, value: Any) -> None:
    with pytest.raises(InvalidToken):
        read_access(signed(**{claim: value}))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused_though_the_key_is_ours(algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        read_access(signed(algorithm))


def test_a_token_that_nobody_signed_is_refused() -> None:
    claims = claims_of(sign_access(TENANT, ACTOR, SPACES))
    head, body, _ = jwt.encode(claims, "", "none").split(".")
    with pytest.raises(InvalidToken):
        read_access(f"{head}.{body}.")
    with pytest.raises(InvalidToken):
        read_access(f"{head}.{body}.{sign_access(TENANT, ACTOR, SPACES).split('.')[2]}")


def test_a_token_signed_with_a_private_key_of_ones_own_is_refused() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(InvalidToken):
        read_access(jwt.encode(claims_of(sign_access(TENANT, ACTOR, SPACES)), pem, "RS256"))


@pytest.mark.parametrize(
    "key",
    ["\0" * 32, "engram" * 6, settings.SECRET_KEY, settings.TOKEN_SIGNING_KEY[:-1]],
    ids=["zeros", "a guess", "the site's other secret", "all but the last character"],
)
def test_a_token_signed_with_another_secret_is_refused(key: str) -> None:
    forged = jwt.encode(claims_of(sign_access(TENANT, ACTOR, SPACES)), key, "HS256")
    with pytest.raises(InvalidToken):
        read_access(forged)


@pytest.mark.parametrize(
    "head", [{"alg": "HS256", "kid": 7}, {"alg": "HS256", "crit": ["exp"]}, {"alg": 7}, {}, [], None]
)
def test_a_token_with_a_strange_head_is_refused(head: Any) -> None:
    _, body, _ = sign_access(TENANT, ACTOR, SPACES).split(".")
    strange = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    proof = hmac.digest(settings.TOKEN_SIGNING_KEY.encode(), f"{strange}.{body}".encode(), "sha256")
    with pytest.raises(InvalidToken):
        read_access(f"{strange}.{body}.{base64.urlsafe_b64encode(proof).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "\0", "=" * 9_999, "bnVsbA.bnVsbA.bnVsbA"]
)
@pytest.mark.parametrize("read", [read_access, read_refresh])
def test_what_is_no_token_at_all_is_refused(read: Any, token: str) -> None:
    with pytest.raises(InvalidToken):
        read(token)


def test_neither_kind_of_token_stands_in_for_the_other() -> None:
    with pytest.raises(InvalidToken):
        read_access(sign_refresh(uuid4()))
    with pytest.raises(InvalidToken):
        read_refresh(sign_access(TENANT, ACTOR, SPACES))


def test_every_part_of_a_token_is_under_its_signature() -> None:
    head, body, signature = sign_access(TENANT, ACTOR, SPACES).split(".")
    other_head, other_body, other_signature = sign_access(uuid4(), ACTOR, SPACES).split(".")
    assert head == other_head
    with pytest.raises(InvalidToken):
        read_access(f"{head}.{other_body}.{signature}")
    with pytest.raises(InvalidToken):
        read_access(f"{head}.{body}.{other_signature}")
