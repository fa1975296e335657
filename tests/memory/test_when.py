"""Reading the period that a cue names."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.when import period_of
from tests.memory.space_api import SpaceApi
from tests.world import World

# A Saturday.
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("What did we ship on 2023-05-03?", "2023-05-03", "2023-05-04"),
        ("What did Ana buy on 3 June, 2023?", "2023-06-03", "2023-06-04"),
        ("the 3rd of June 2023", "2023-06-03", "2023-06-04"),
        ("lunch on June 3rd, 2023", "2023-06-03", "2023-06-04"),
        ("lunch on June 3", "2026-06-03", "2026-06-04"),
        ("the party of 24 December", "2025-12-24", "2025-12-25"),
        ("the fair in December 2023", "2023-12-01", "2024-01-01"),
        ("the fair in may", "2026-05-01", "2026-06-01"),
        ("the fair last December", "2025-12-01", "2026-01-01"),
        ("everything since 2024", "2024-01-01", "2025-01-01"),
        ("what she said yesterday", "2026-11-27", "2026-11-28"),
        ("what she said last week", "2026-11-16", "2026-11-23"),
        ("our trip last weekend", "2026-11-21", "2026-11-23"),
        ("the invoices of last month", "2026-10-01", "2026-11-01"),
        ("the invoices of last year", "2025-01-01", "2026-01-01"),
        ("31 June 2023", "2023-06-01", "2023-07-01"),
        ("31 June, or rather 2 July 2023", "2023-07-02", "2023-07-03"),
    ],
)
def test_a_period_is_read(text: str, since: str, until: str) -> None:
    period = period_of(text, NOW)
    assert period is not None
    assert (period.since.date().isoformat(), period.until.date().isoformat()) == (since, until)


@pytest.mark.parametrize("text", ["", "What may I do?", "march on", "room 2023", "99 of 100", "31 June", "9999 ago"])
def test_what_is_no_period_is_none(text: str) -> None:
    assert period_of(text, NOW) is None


def test_the_further_away_the_less_exact() -> None:
    period = period_of("two weeks ago", NOW)
    assert period is not None
    assert (period.since.date().isoformat(), period.until.date().isoformat()) == ("2026-11-11", "2026-11-18")


@given(st.text(alphabet="0123456789-, abcdefghijklmnopqrstuvwxyz", max_size=60) | st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    period = period_of(text, NOW)
    assert period is None or period.since < period.until


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_no_date_is_too_strange(year: int, month: int, day: int) -> None:
    period_of(f"{year:04}-{month:02}-{day:02}", NOW)
    period_of(f"{day} May {year:04}", NOW)


def test_what_was_observed_in_the_cues_period_comes_first(world: World) -> None:
    space = SpaceApi("acme_s1", world.client("acme_s1"))
    space.batch(
        [
            {
                "content": f"Ana tells what she baked for the fair, {number}.",
                "observed_at": f"2023-{number:02}-10T10:00Z",
            }
            for number in range(1, 13)
        ]
    )
    best = space.recall(query="What did Ana bake for the fair in May 2023?")[0]
    assert best["memory"]["observed_at"].startswith("2023-05-10")
