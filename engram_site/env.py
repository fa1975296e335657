"""Typed readers for the process environment.

Every reader looks at the variable itself, then at ``NAME_FILE`` (a path, as container secrets are mounted), then at the file
that a running ``./engram up`` keeps in its data directory, and last at the default.
"""

import os
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """Where the embedded servers, logs and generated secrets live (``ENGRAM_DATA_DIR``, ``.engram`` by default)."""
    return BASE_DIR / os.environ.get("ENGRAM_DATA_DIR", ".engram")


@cache
def _running_environment() -> dict[str, str]:
    path = data_dir() / "environment"
    if not path.is_file():
        return {}
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def text(name: str, default: str | None = None) -> str:
    """Read a string; with no default, a missing variable stops the start."""
    if name in os.environ:
        return os.environ[name]
    if f"{name}_FILE" in os.environ:
        path = Path(os.environ[f"{name}_FILE"])
        try:
            return path.read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE is {str(path)!r}, which cannot be read: {error.strerror}."
            ) from error
    value = _running_environment().get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it, or {name}_FILE, or start with ./engram up.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Read a yes/no switch: 1, true, yes, on against 0, false, no, off."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; allowed: 1, true, yes, on, 0, false, no, off.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    """Read a whole number of at least ``least``."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if number < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; allowed: a whole number from {least}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of networks, like ``10.0.0.0/8``; an address alone is a network of one."""
    return [_network(name, word) for word in words(name, default)]


def _network(name: str, word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} has {word!r}; allowed: networks such as 10.0.0.0/8, whose bits after the prefix are zero."
        ) from error
