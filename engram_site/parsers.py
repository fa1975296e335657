"""Reading request bodies."""

import json
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: no NaN or Infinity, UTF-8, no text that the database could not hold."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode(settings.DEFAULT_CHARSET)
            data = json.loads(text, parse_constant=_refuse_constant)
            if "\\u" in text:
                # An escape can hide a lone surrogate or a NUL, which PostgreSQL has no place for.
                json.dumps(data, ensure_ascii=False).encode()
                if "\\u0000" in json.dumps(data):
                    raise ValueError("a NUL character cannot be stored")
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        return data
