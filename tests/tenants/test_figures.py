import pytest

from tenants.templatetags.figures import compact, duration


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_250, "1.2k"),
        (100_000, "100k"),
        (999_999, "999.9k"),
        (1_000_000, "1M"),
        (10_000_000, "10M"),
        (2_500_000_000, "2.5B"),
    ],
)
def test_a_count_takes_few_characters_and_never_says_too_much(number: int, shown: str) -> None:
    assert compact(number) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0.0, "0.0 ms"), (0.42, "0.4 ms"), (12.34, "12 ms"), (999.0, "999 ms"), (1_540.0, "1.5 s")],
)
def test_a_duration_has_the_unit_that_suits_it(milliseconds: float, shown: str) -> None:
    assert duration(milliseconds) == shown
