"""Counts, in words."""


def number_of(count: int, one: str, many: str | None = None) -> str:
    """``1 space``, ``2 spaces``; ``many`` is named where it is not ``one`` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
