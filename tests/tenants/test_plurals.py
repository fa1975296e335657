"""Counts in words."""

import pytest

from tenants.plurals import number_of


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (number_of(0, "space"), "0 spaces"),
        (number_of(1, "space"), "1 space"),
        (number_of(2, "space"), "2 spaces"),
        (number_of(1, "memory", "memories"), "1 memory"),
        (number_of(3, "memory", "memories"), "3 memories"),
    ],
)
def test_a_count_agrees_with_its_noun(said: str, expected: str) -> None:
    assert said == expected
