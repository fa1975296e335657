"""Reading request bodies."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tenants import strict_json


class StrictJSONParser(JSONParser):
    """Strict JSON in UTF-8, or a 400 that says what is wrong with it."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return strict_json.loads(stream.read())
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
