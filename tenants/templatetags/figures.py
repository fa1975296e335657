"""Numbers for people."""

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
