"""Which form an answer has: what ``format`` names, or else what ``Accept`` asks for."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer

from tenants.errors import Invalid


class Negotiation(DefaultContentNegotiation):
    def filter_renderers(self, renderers: Iterable[Any], format: str) -> list[BaseRenderer]:
        """Raises ``Invalid`` for a form that there is not, where the library finds no such page."""
        named = {renderer.format: renderer for renderer in renderers}
        if format not in named:
            raise Invalid(f"'format' is {format[:60]!r}; allowed: {', '.join(named)}.", attr="format")
        return [named[format]]
