import pytest

from tenants.templatetags.figures import compact


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
