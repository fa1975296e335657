"""JSON as RFC 8259 has it and as the database can hold it: no NaN or Infinity, no NUL, no half a surrogate pair, 64 levels and
200,000 lists and objects at most."""

import re
from typing import Any

import msgspec

_CONTAINERS = frozenset({dict, list})
# Deeper than people write, and far from where Python's own stack would end.
MOST_NESTED = 64
# Three bytes spell a list that takes sixty: without a bound a body of 32 MB would take a gigabyte, and its process many seconds.
MOST_CONTAINERS = 200_000
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
# An escape whose own backslash is not escaped.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def loads(text: bytes) -> Any:
    """The value that a text in UTF-8 spells; raises ``ValueError`` with what is wrong."""
    if text.startswith(b"\xef\xbb\xbf"):
        raise ValueError("it begins with a byte order mark (BOM)")
    brackets = _brackets_in(text)
    # Counted with those in strings first, which is fast.
    if brackets > MOST_CONTAINERS and _brackets_in(_STRING.sub(b"", text)) > MOST_CONTAINERS:
        raise ValueError(f"it holds more than {MOST_CONTAINERS:,} lists and objects")
    try:
        data = msgspec.json.decode(text)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MOST_NESTED} levels") from error
    if brackets > MOST_NESTED:
        _check_nesting(data)
    # Looked for without an expression first, which is a hundred times faster.
    if rb"\u0000" in text and _NUL.search(text):
        raise ValueError("a NUL character cannot be stored")
    return data


def _brackets_in(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _check_nesting(data: Any) -> None:
    level = [data]
    for _ in range(MOST_NESTED):
        level = [inner for container in level for inner in _containers_in(container)]
    if level:
        raise ValueError(f"it is nested deeper than {MOST_NESTED} levels")


def _containers_in(container: Any) -> list[Any]:
    values = container.values() if isinstance(container, dict) else container
    # Long lists of numbers are what bodies are made of, and this passes over them fastest.
    if _CONTAINERS.isdisjoint(map(type, values)):
        return []
    return [value for value in values if type(value) in _CONTAINERS]
