"""Secrets that must be had again, and so cannot be hashed, encrypted at rest."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(ValueError):
    """What was sealed has been altered, or was sealed under an ``ENGRAM_SECRET_KEY`` that is not among those given."""


def seal(secret: bytes) -> str:
    """Encrypt and authenticate (Fernet) under a key derived from ``ENGRAM_SECRET_KEY`` (HKDF, RFC 5869, with SHA-256)."""
    return _fernet().encrypt(secret).decode()


def unseal(sealed: str) -> bytes:
    """What ``seal`` was given; raises ``SealBroken``."""
    try:
        return _fernet().decrypt(sealed)
    except InvalidToken as error:
        raise SealBroken(
            "A sealed secret cannot be opened: neither ENGRAM_SECRET_KEY nor a previous one is what it was sealed under."
        ) from error


def _fernet() -> MultiFernet:
    """Seals under the first key, opens under any."""
    return MultiFernet([_under(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _under(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"engram signing keys")
    return Fernet(base64.urlsafe_b64encode(derived.derive(key.encode())))
