"""The installation's limits and its policies of tiers and indexes, from ``engram.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Limits:
    """What one space may use. Capacities are memories, rates are operations per second, depth is hops."""

    hot_capacity_per_space: int = 100_000
    warm_capacity_per_space: int = 1_000_000
    cold_capacity_per_space: int = 10_000_000
    max_spreading_depth: int = 5
    rate_limit_per_space: int = 100
    max_concurrent_per_space: int = 8

    def overridden(self, overrides: Mapping[str, int]) -> "Limits":
        """These limits, but for those that a space has of its own."""
        return replace(self, **overrides) if overrides else self

    @property
    def capacity(self) -> int:
        """How many memories all tiers together may hold."""
        return self.hot_capacity_per_space + self.warm_capacity_per_space + self.cold_capacity_per_space

    def capacity_of(self, tier: str) -> int:
        """How many memories ``hot``, ``warm`` or ``cold`` may hold."""
        return {
            "hot": self.hot_capacity_per_space,
            "warm": self.warm_capacity_per_space,
            "cold": self.cold_capacity_per_space,
        }[tier]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What one request may carry. Bytes are UTF-8, the others are counts."""

    batch: int = 1_000
    content_bytes: int = 32_768
    metadata_bytes: int = 16_384
    body_bytes: int = 33_554_432
    results: int = 100
    import_bytes: int = 8_589_934_592


@dataclass(frozen=True, slots=True)
class Tiers:
    """When memories move between tiers: above ``full_percent`` of a tier's capacity the least retrievable go down, a warm one
    also after ``idle_days`` without a recall; one recalled ``promote_recalls`` times in ``promote_hours`` goes up to hot.
    ``batch`` memories move in one transaction."""

    full_percent: int = 80
    idle_days: int = 7
    promote_recalls: int = 3
    promote_hours: int = 24
    batch: int = 500


@dataclass(frozen=True, slots=True)
class Indexes:
    """Which tiers of spaces have an index over their vectors: those of ``min_memories`` memories, until they hold fewer than half
    of that, and of them the ``max_indexes`` largest. A search looks at ``ef_search`` vectors: more find more, and take longer."""

    min_memories: int = 10_000
    max_indexes: int = 200
    ef_search: int = 400


@dataclass(frozen=True, slots=True)
class Administration:
    """How often a second one tenant may ask for what is of no space's rate: tokens, spaces, keys, people, its trail."""

    rate_limit_per_tenant: int = 100


@dataclass(frozen=True, slots=True)
class Installation:
    limits: Limits
    sizes: Sizes
    tiers: Tiers
    indexes: Indexes
    administration: Administration = Administration()


# A larger depth or batch could hold a connection for longer than the statement timeout.
_MOST = {
    "max_spreading_depth": 10,
    "batch": 10_000,
    "results": 1_000,
    "content_bytes": 262_144,
    "metadata_bytes": 262_144,
    "full_percent": 100,
    "idle_days": 36_500,
    "promote_recalls": 100,
    "promote_hours": 8_760,
    # What pgvector takes, and what a planner that looks at every index of a table bears.
    "ef_search": 1_000,
    "max_indexes": 2_000,
}


def installation() -> Installation:
    """What the file named by ``ENGRAM_CONFIG`` says; each file is read and checked once."""
    return _parse_once(settings.ENGRAM_CONFIG)


@cache
def _parse_once(path: Path) -> Installation:
    return parse(path)


def parse(path: Path) -> Installation:
    """Check every key and value of an ``engram.toml``; raise ``ImproperlyConfigured`` with a sentence about the first bad one."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} is not valid TOML: {error}.") from error
    _check_names(f"{path}: the file", document, {"administration", "indexes", "memory_spaces", "tiers"})
    spaces = document.get("memory_spaces", {})
    _check_names(f"{path}: [memory_spaces]", spaces, {"limits", "sizes"})
    return Installation(
        limits=Limits(**_whole_numbers(f"{path}: ", "memory_spaces.limits", spaces.get("limits", {}), Limits)),
        sizes=Sizes(**_whole_numbers(f"{path}: ", "memory_spaces.sizes", spaces.get("sizes", {}), Sizes)),
        tiers=Tiers(**_whole_numbers(f"{path}: ", "tiers", document.get("tiers", {}), Tiers)),
        indexes=Indexes(**_whole_numbers(f"{path}: ", "indexes", document.get("indexes", {}), Indexes)),
        administration=Administration(
            **_whole_numbers(f"{path}: ", "administration", document.get("administration", {}), Administration)
        ),
    )


def check_overrides(values: Any) -> dict[str, int]:
    """A space's own limits, checked as the file's are; raises ``ValueError`` with a sentence about the first bad one."""
    try:
        return _whole_numbers("", "limits", values, Limits)
    except ImproperlyConfigured as error:
        raise ValueError(str(error)) from error


def most_allowed(name: str) -> int:
    """The largest value that a limit or size may have."""
    return _MOST.get(name, 10**12)


def _whole_numbers(
    file: str, table: str, values: Any, shape: type[Limits | Sizes | Tiers | Indexes | Administration]
) -> dict[str, int]:
    _check_names(f"{file}[{table}]" if file else table, values, {field.name for field in fields(shape)})
    for name, value in values.items():
        most = most_allowed(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ImproperlyConfigured(
                f"{file}{table}.{name} is {value!r}; allowed: a whole number from 1 to {most:,}."
            )
    return dict(values)


def _check_names(where: str, values: Any, allowed: set[str]) -> None:
    if not isinstance(values, dict):
        raise ImproperlyConfigured(f"{where} is {values!r}; allowed: a table.")
    unknown = sorted(values.keys() - allowed)
    if unknown:
        raise ImproperlyConfigured(f"{where} has {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}.")
