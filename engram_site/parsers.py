"""Reading request bodies."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from tenants import strict_json
from tenants.api.answers import AnswerRenderer


class StrictJSONParser(BaseParser):
    """Strict JSON in UTF-8, or a 400 that says what is wrong with it.

    It is none of DRF's JSON parsers, whose bodies Django bounds as it bounds forms; this one's are bounded by ``engram.toml``.
    """

    media_type = "application/json"
    renderer_class = AnswerRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return strict_json.loads(stream.read())
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
