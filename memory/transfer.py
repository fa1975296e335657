"""The file of an export: one JSON object a line, each saying its ``type``.

    {"type": "space", "version": 1, "space": …, "embedding_model": …, "embedding_dimension": …, "vectors": true, "exported_at": …}
    {"type": "memory", "id": …, "content": …, …, "embedding": […]}
    {"type": "association", "source": …, "target": …, "kind": …, "weight": …}
    {"type": "mark", "after": …}
    {"type": "end"}

The first line is the space's and the last the end's, so that a file that was cut shows it. An association comes after both of
its memories. After a mark, an export that broke off goes on from the memory that it names.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import Any

from memory.kinds import KIND, KIND_RULE
from memory.models import Association, Tier
from tenants import strict_json
from tenants.limits import installation

VERSION = 1
_SHOWN = 60
# Ids stay text: there are millions of them, and nobody takes them apart.
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONGEST_NUMBER = 32
_SINGLE = Struct("f")
_MOST_TIMES = 100


class BadLine(Exception):
    """A line of an import's file that cannot be taken; ``attr`` is the field at fault."""

    def __init__(self, detail: str, attr: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.attr = attr


@dataclass(frozen=True, slots=True)
class SpaceLine:
    """What the file's vectors are."""

    embedding_model: str
    embedding_dimension: int
    version: int = VERSION
    space: str = ""
    vectors: bool = True
    exported_at: str | None = None


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """A memory with everything that is stored of it; times are ISO 8601. Without ``embedding`` the server embeds ``content``."""

    id: str
    content: str
    kind: str = "fact"
    confidence: float = 1.0
    session: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    observed_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    expires_at: str | None = None
    tier: str = Tier.HOT.value
    stability: float = 1.0
    recall_count: int = 0
    last_recalled_at: str | None = None
    recent_recalls: list[str] | None = None
    embedding: list[float] | None = None


@dataclass(frozen=True, slots=True)
class AssociationLine:
    source: str
    target: str
    kind: str = Association.Kind.EXPLICIT.value
    weight: float = 1.0
    reinforced: int = 0
    created_at: str | None = None
    reinforced_at: str | None = None


@dataclass(frozen=True, slots=True)
class MarkLine:
    after: str


@dataclass(frozen=True, slots=True)
class EndLine:
    pass


Line = SpaceLine | MemoryLine | AssociationLine | MarkLine | EndLine
Read = Callable[[Any], Any]


def write_line(kind: str, **values: object) -> str:
    return json.dumps({"type": kind, **values}, ensure_ascii=False, default=str)


def longest_line(dimension: int) -> int:
    """Bytes that no line needs more of, whatever it spells as escapes: six for each that is stored."""
    sizes = installation().sizes
    return 6 * (sizes.content_bytes + sizes.metadata_bytes) + _LONGEST_NUMBER * dimension + 8_192


def read_line(text: bytes) -> Line:
    """Parse and check a line; raises ``BadLine``."""
    try:
        entry = strict_json.loads(text)
    except ValueError as error:
        raise BadLine(f"This is not JSON in UTF-8 ({error}); allowed: one JSON object.") from error
    if not isinstance(entry, dict):
        raise BadLine(f"This is {_shown(entry)}; allowed: one JSON object.")
    kind = entry.pop("type", None)
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise BadLine(f"'type' is {_shown(kind)}; allowed: {', '.join(_SHAPES)}.", "type")
    shape, fields, required = _SHAPES[kind]
    for name in required:
        if name not in entry:
            raise BadLine(f"'{name}' is missing; allowed: {fields[name][1]}.", name)
    values = {}
    for name, value in entry.items():
        if name not in fields:
            raise BadLine(
                f"'{_cut(name)}' is not a field of a line of type '{kind}'; allowed: {', '.join(fields)}.", _cut(name)
            )
        read, allowed = fields[name]
        try:
            values[name] = read(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadLine(f"'{name}' is {_shown(value)}; allowed: {allowed}.", name) from error
    line: Line = shape(**values)
    return line


def _shown(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError


def _text(most: int) -> Read:
    def read(value: Any) -> str:
        _check(isinstance(value, str) and bool(value.strip()) and len(value) <= most)
        return str(value)

    return read


def _content(value: Any) -> str:
    _check(isinstance(value, str) and bool(value.strip()) and len(value.encode()) <= installation().sizes.content_bytes)
    return str(value)


def _kind(value: Any) -> str:
    _check(isinstance(value, str) and KIND.match(value) is not None)
    return str(value)


def _metadata(value: Any) -> dict[str, Any]:
    _check(isinstance(value, dict))
    # Most have none.
    _check(not value or len(json.dumps(value, ensure_ascii=False).encode()) <= installation().sizes.metadata_bytes)
    return dict(value)


def _number(least: float, most: float) -> Read:
    def read(value: Any) -> float:
        _check(type(value) in {int, float} and least <= value <= most)
        return float(value)

    return read


def _confidence(value: Any) -> float:
    # The database refuses what single precision would make nothing of. What was exported comes back as it was.
    return _SINGLE.unpack(_SINGLE.pack(_number(0, 1)(value)))[0]  # type: ignore[no-any-return]


def _whole(value: Any) -> int:
    _check(type(value) is int and 0 <= value < 2**31)
    return int(value)


# A file says the same times and ids again and again: what happened together was written together, and each link names two ids.
@lru_cache(16_384)
def _time(value: Any) -> str:
    time = datetime.fromisoformat(value)
    # In the first and the last year an offset may lead to where Python's calendar does not go.
    _check(time.utcoffset() is not None and 1 < time.year < 9999)
    # The database reads fewer offsets than Python does.
    return time.astimezone(UTC).isoformat()


def _times(value: Any) -> list[str]:
    _check(isinstance(value, list) and len(value) <= _MOST_TIMES)
    return [_time(entry) for entry in value]


@lru_cache(16_384)
def _id(value: Any) -> str:
    _check(_UUID.fullmatch(value) is not None)
    return str(value).lower()


def _one_of(*allowed: str) -> Read:
    def read(value: Any) -> str:
        _check(value in allowed)
        return str(value)

    return read


def _flag(value: Any) -> bool:
    _check(isinstance(value, bool))
    return bool(value)


def _version(value: Any) -> int:
    _check(type(value) is int and value == VERSION)
    return int(value)


def _vector(value: Any) -> list[float]:
    _check(isinstance(value, list) and bool(value) and set(map(type, value)) <= {int, float})
    return value  # type: ignore[no-any-return]


def _or_null(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


_TIME = 'an ISO 8601 time with an offset, such as "2026-09-14T10:30:00+02:00"'
_ID = "a UUID"
_Fields = dict[str, tuple[Read, str]]

_SPACE: _Fields = {
    "version": (_version, str(VERSION)),
    "space": (_text(64), "a space's name"),
    "embedding_model": (_text(200), "the name of the space's model"),
    "embedding_dimension": (_whole, "how many numbers a vector of the space has"),
    "vectors": (_flag, "true or false"),
    "exported_at": (_time, _TIME),
}
_MEMORY: _Fields = {
    "id": (_id, _ID),
    "content": (_content, "a text that is not blank, of at most the installation's content_bytes"),
    "kind": (_kind, KIND_RULE),
    "confidence": (_confidence, "a number from 0 to 1"),
    "session": (_or_null(_text(200)), "a text that is not blank, of at most 200 characters, or null"),
    "metadata": (_metadata, "a JSON object of at most the installation's metadata_bytes"),
    "observed_at": (_time, _TIME),
    "created_at": (_time, _TIME),
    "updated_at": (_time, _TIME),
    "expires_at": (_or_null(_time), f"{_TIME}, or null"),
    "tier": (_one_of(*Tier.values), ", ".join(Tier.values)),
    "stability": (_number(1e-6, 1e9), "days, from 0.000001 to 1,000,000,000"),
    "recall_count": (_whole, "a whole number from 0"),
    "last_recalled_at": (_or_null(_time), f"{_TIME}, or null"),
    "recent_recalls": (_or_null(_times), "a list of such times, or null"),
    "embedding": (_or_null(_vector), "a list of numbers, or null"),
}
_ASSOCIATION: _Fields = {
    "source": (_id, _ID),
    "target": (_id, _ID),
    "kind": (_one_of(*Association.Kind.values), ", ".join(Association.Kind.values)),
    # Smaller ones would be nothing in single precision.
    "weight": (_number(1e-30, 1), "a number above 0, up to 1"),
    "reinforced": (_whole, "a whole number from 0"),
    "created_at": (_time, _TIME),
    "reinforced_at": (_or_null(_time), f"{_TIME}, or null"),
}
_SHAPES: dict[str, tuple[type[Any], _Fields, tuple[str, ...]]] = {
    "space": (SpaceLine, _SPACE, ("version", "embedding_model", "embedding_dimension")),
    "memory": (MemoryLine, _MEMORY, ("id", "content")),
    "association": (AssociationLine, _ASSOCIATION, ("source", "target")),
    "mark": (MarkLine, {"after": (_id, _ID)}, ("after",)),
    "end": (EndLine, {}, ()),
}
