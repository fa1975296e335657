"""The period that a cue names, in English or as ISO 8601: "in May 2023", "on 3 June", "2023-05-03", "last week"."""

import re
from calendar import month_name
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY, WEEK = timedelta(days=1), timedelta(days=7)

_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_NUMBERS = ["a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_COUNTS = {"an": 1} | {word: number for number, word in enumerate(_NUMBERS, 1)}
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_DATE = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
# What begins a span of time that a bare name of a month or year could otherwise not be told from: "may" is a verb, too.
_IN = r"\b(?:in|during|since|of|last|this|early|late|mid)[ -]"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` on and before ``until``."""

    since: datetime
    until: datetime


def period_of(text: str, now: datetime) -> Period | None:
    """The first period that the text names, of the kind that says most; ``None`` if it names none.

    ``now`` tells what is past: a date without a year is the last one, and "last week" the seven days before Monday's.
    """
    for pattern, read in _READERS:
        for found in pattern.finditer(text):
            try:
                return read(found, now.astimezone(UTC))
            except (ValueError, OverflowError):  # the 31st of June, a year before the calendar's first
                continue
    return None


def _day(found: re.Match[str], now: datetime) -> Period:
    month, day, year = _month_of(found), int(found["day"]), found["year"]
    since = datetime(int(year) if year else now.year, month, day, tzinfo=UTC)
    if not year and since > now:
        since = since.replace(year=now.year - 1)
    return Period(since, since + DAY)


def _whole_month(found: re.Match[str], now: datetime) -> Period:
    year = found.groupdict().get("year")
    since = datetime(int(year) if year else now.year, _month_of(found), 1, tzinfo=UTC)
    if not year and since > now:
        since = since.replace(year=now.year - 1)
    return Period(since, _next_month(since))


def _whole_year(found: re.Match[str], now: datetime) -> Period:
    since = datetime(int(found["year"]), 1, 1, tzinfo=UTC)
    return Period(since, since.replace(year=since.year + 1))


def _relative(found: re.Match[str], now: datetime) -> Period:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday, first, new_year = today - today.weekday() * DAY, today.replace(day=1), today.replace(month=1, day=1)
    last_first = (first - DAY).replace(day=1)
    return {
        "today": Period(today, today + DAY),
        "yesterday": Period(today - DAY, today),
        "this week": Period(monday, monday + WEEK),
        "last week": Period(monday - WEEK, monday),
        "last weekend": Period(monday - 2 * DAY, monday),
        "this month": Period(first, _next_month(first)),
        "last month": Period(last_first, first),
        "this year": Period(new_year, new_year.replace(year=today.year + 1)),
        "last year": Period(new_year.replace(year=today.year - 1), new_year),
    }[" ".join(found[0].lower().split())]


def _ago(found: re.Match[str], now: datetime) -> Period:
    many, unit = found["many"].lower(), found["unit"].lower()
    count = _COUNTS[many] if many in _COUNTS else int(many)
    length = {"day": DAY, "week": WEEK, "month": timedelta(days=30), "year": timedelta(days=365)}[unit]
    middle = now - count * length
    # The further away, the less exactly people mean it.
    return Period(middle - length / 2, middle + length / 2)


def _month_of(found: re.Match[str]) -> int:
    month = found["month"].lower()
    return _MONTHS[month] if month in _MONTHS else int(month)


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=32)).replace(day=1)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_Read = Callable[[re.Match[str], datetime], Period]
_READERS: Sequence[tuple[re.Pattern[str], _Read]] = [
    (_pattern(r"\b(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)\b"), _day),
    (_pattern(rf"\b{_DATE}(?: of)? {_MONTH}(?:,? {_YEAR})?\b"), _day),
    (_pattern(rf"\b{_MONTH} {_DATE}(?:,? {_YEAR})?\b"), _day),
    (_pattern(rf"\b{_MONTH},? {_YEAR}\b"), _whole_month),
    (_pattern(rf"{_IN}{_MONTH}\b"), _whole_month),
    (_pattern(r"\b(?:today|yesterday|(?:this|last)\s+(?:week|month|year)|last\s+weekend)\b"), _relative),
    (_pattern(rf"\b(?P<many>\d{{1,3}}|{'|'.join(_COUNTS)}) (?P<unit>day|week|month|year)s? ago\b"), _ago),
    (_pattern(rf"{_IN}{_YEAR}\b"), _whole_year),
]
