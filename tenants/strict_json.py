"""JSON as RFC 8259 has it and as the database can hold it: no NaN or Infinity, no NUL, no half a surrogate pair, 64 levels at
most."""

import json
import re
from typing import Any

_CONTAINERS = frozenset({dict, list})
# Deeper than people write, and far from where Python's own stack would end.
MOST_NESTED = 64
# An escape whose own backslash is not escaped.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def loads(text: str) -> Any:
    """The value that a text spells; raises ``ValueError`` with what is wrong."""
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark (BOM)")
    try:
        data = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MOST_NESTED} levels") from error
    _check_nesting(text, data)
    if "\\u" in text:
        # An escape can hide a lone surrogate or a NUL, which PostgreSQL has no place for.
        json.dumps(data, ensure_ascii=False).encode()
        if _NUL.search(text):
            raise ValueError("a NUL character cannot be stored")
    return data


def _check_nesting(text: str, data: Any) -> None:
    if text.count("[") + text.count("{") <= MOST_NESTED:
        return
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
