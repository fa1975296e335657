"""A tenant's backend, which mints tokens for its own users; and whoever forges them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from rest_framework.test import APIClient

from tenants.models import SigningKey, Tenant
from tenants.sealing import seal
from tests.memory.space_api import problems

SECRET = "a-secret-of-the-tenants-backend-that-is-long-enough"
HOUR = 3_600
REFUSED = (401, "invalid_token")


def usual(**claims: Any) -> dict[str, Any]:
    """The claims that a token should have, but for those given."""
    return {
        "sub": "user-17",
        "memory_space_id": "acme_s1",
        "permissions": ["read", "write"],
        "aud": "engram-api",
        "exp": int(time.time()) + HOUR,
        **claims,
    }


@dataclass(frozen=True, slots=True)
class Backend:
    kid: str
    algorithm: str
    key: Any

    def token(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        return jwt.encode(usual(**claims), self.key, self.algorithm, headers={"kid": self.kid, **(header or {})})


@cache
def rsa_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2_048)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """The public half of a key."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Any) -> str:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def with_secret(tenant: str = "acme") -> Backend:
    return _registered(Backend("sk_secret", "HS256", SECRET), seal(SECRET.encode()), tenant)


def with_rsa() -> Backend:
    return _registered(Backend("sk_rsa", "RS256", rsa_key()), pem(rsa_key()), "acme")


def with_ed25519() -> Backend:
    return _registered(Backend("sk_ed25519", "EdDSA", ed25519_key()), pem(ed25519_key()), "acme")


def _registered(backend: Backend, material: str, tenant: str) -> Backend:
    SigningKey.objects.create(
        tenant=Tenant.objects.get(slug=tenant),
        name="backend",
        kid=backend.kid,
        algorithm=backend.algorithm,
        material=material,
    )
    return backend


def forged(header: Mapping[str, Any], payload: Mapping[str, Any], key: bytes = SECRET.encode()) -> str:
    """A token put together by hand, signed with HMAC and SHA-256 whatever its header says."""
    return signed(segment(json.dumps(header).encode()), segment(json.dumps(payload).encode()), key)


def signed(header: str, payload: str, key: bytes = SECRET.encode()) -> str:
    signature = hmac.new(key, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return f"{header}.{payload}.{segment(signature)}"


def claiming(**claims: Any) -> str:
    """A token that is signed with the registered secret, whatever it claims."""
    return forged({"alg": "HS256", "kid": "sk_secret"}, usual(**claims))


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bearer(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def answer_to(token: str, space: str = "acme_s1") -> Any:
    """What the plainest question to a space gets."""
    return bearer(token).get(f"/api/v1/spaces/{space}/memories/")


def refusal_of(token: str, space: str = "acme_s1") -> tuple[int, str]:
    """The status and code that a token meets."""
    answer = answer_to(token, space)
    return answer.status_code, str(problems(answer)[0][0])
