"""Reading request bodies."""

import json
import re
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

_CONTAINERS = frozenset({dict, list})
# Deeper than people write, and far from where Python's own stack would end.
MOST_NESTED = 64
# An escape whose own backslash is not escaped.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: no NaN or Infinity, UTF-8, no text that the database could not hold, 64 levels at most."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode(settings.DEFAULT_CHARSET)
            data = json.loads(text, parse_constant=_refuse_constant)
            _check_nesting(text, data)
            if "\\u" in text:
                # An escape can hide a lone surrogate or a NUL, which PostgreSQL has no place for.
                json.dumps(data, ensure_ascii=False).encode()
                if _NUL.search(text):
                    raise ValueError("a NUL character cannot be stored")
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        return data


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


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
