"""Numbers for people."""

import json
from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()

_SIZES = ((10**9, "B"), (10**6, "M"), (10**3, "k"))


@register.filter
def compact(number: int) -> str:
    """A count in a few characters, rounded down: 950, 1.2k, 100k, 10M."""
    for size, letter in _SIZES:
        if number >= size:
            return f"{number * 10 // size / 10:g}{letter}"
    return str(number)


@register.filter
def duration(milliseconds: float) -> str:
    """A duration with the unit that suits it: 0.4 ms, 12 ms, 1.5 s."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


@register.filter
def words(name: str) -> str:
    """An operation's name as people say it: list_spaces is List spaces."""
    return name.replace("_", " ").capitalize()


@register.filter
def as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
