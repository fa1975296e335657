"""Files people have, as memories: plain text, Markdown and NDJSON.

Text and Markdown are cut into passages near ``target`` characters long and never longer than ``limit``.
Paragraphs stay whole where they fit, neighbouring short ones share a passage, and long ones are cut at the
sentence end nearest to the target.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from memory.kinds import KIND, KIND_RULE

TARGET = 600
LIMIT = 1200
CONTENT_BYTES = 32 * 1024


class PassageError(Exception):
    """The file cannot be turned into memories. The message says where, what was given and what is allowed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One memory to be. ``session`` strings neighbours together; ``None`` leaves a field to the space."""

    content: str
    session: str | None = None
    kind: str = "fact"
    observed_at: datetime | None = None
    confidence: float | None = None
    metadata: dict[str, object] = field(default_factory=dict)


def split_text(text: str, *, session: str | None = None, target: int = TARGET, limit: int = LIMIT) -> list[Passage]:
    """Cut plain text into passages, losing nothing but whitespace. Only a word longer than ``limit`` is cut.

    Raises ``ValueError`` unless 1 ≤ target ≤ limit ≤ 8192, the longest text that 32 KiB of UTF-8 always hold.
    """
    _check_lengths(target, limit)
    pieces = (piece for paragraph in _paragraphs(text) for piece in _cut(paragraph, target, limit))
    return [Passage(content, session=session) for content in _merge(pieces, target, limit)]


def _check_lengths(target: int, limit: int) -> None:
    longest = CONTENT_BYTES // 4
    if not 1 <= target <= limit <= longest:
        raise ValueError(
            f"target is {target} and limit is {limit}; allowed: 1 <= target <= limit <= {longest} characters"
        )


def _paragraphs(text: str) -> list[str]:
    return [paragraph for part in re.split(r"\n\s*\n", text) if (paragraph := part.strip())]


# Where a paragraph may be cut, best first. The dot of a list's number ends no sentence.
BREAKS = (
    re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…]['\"”’)\]]))(?<!\d\.)(?=\s+[^a-z\s])"),
    re.compile(r"(?=\n)"),
    re.compile(r"(?<=[,;:])(?=\s)"),
    re.compile(r"(?=\s)"),
)


def _cut(paragraph: str, target: int, limit: int) -> Iterator[str]:
    start = 0
    while len(paragraph) - start > limit:
        end = _nearest_break(paragraph, start, target, limit)
        yield paragraph[start:end].rstrip()
        start = end
        while paragraph[start].isspace():
            start += 1
    yield paragraph[start:]


def _nearest_break(paragraph: str, start: int, target: int, limit: int) -> int:
    for pattern in BREAKS:
        ends = [found.start() for found in pattern.finditer(paragraph, start + 1, start + limit + 1)]
        if ends:
            return min(ends, key=lambda end: abs(end - start - target))
    return start + limit


def _merge(pieces: Iterable[str], target: int, limit: int, between: str = "\n\n") -> Iterator[str]:
    """Join neighbours as long as that brings them nearer to the target."""
    merged = ""
    for piece in pieces:
        joined = f"{merged}{between}{piece}" if merged else piece
        nearer = abs(len(joined) - target) < abs(len(merged) - target)
        if merged and not (nearer and len(joined) <= limit):
            yield merged
            joined = piece
        merged = joined
    if merged:
        yield merged


FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\n[\w\"'-]+ *[:=].*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
MARK = re.compile(
    r"""
    ^(?P<fence>[ \t]*(?P<ticks>`{3,}|~{3,})[^\n`]*(?:\n.*?)??(?:\n[ \t]*(?P=ticks)[`~]*[ \t]*$|\Z))
    | ^(?P<level>\#{1,6})[ \t]+(?P<title>\S[^\n]*)$
    | ^(?P<underlined>[^\s\-*+>|#][^\n]*)\n(?P<underline>={2,}|-{2,})[ \t]*$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def split_markdown(text: str, session: str | None = None, *, target: int = TARGET, limit: int = LIMIT) -> list[Passage]:
    """Cut Markdown into passages that keep to one section each.

    A section's first passage opens with its heading, and all its passages carry the trail of headings above
    them, as in ``{"heading": "Install › Linux"}``. A heading with nothing below it opens the passage that
    follows. Code fences up to ``limit`` stay whole; longer ones are cut between lines and fenced again. Front
    matter is left out.

    Raises ``ValueError`` unless 1 ≤ target ≤ limit ≤ 8192.
    """
    _check_lengths(target, limit)
    passages = []
    for trail, blocks in _sections(FRONT_MATTER.sub("", text.replace("\r\n", "\n"))):
        pieces = (piece for block in blocks for piece in _cut_block(block, target, limit))
        for content in _merge(pieces, target, limit):
            metadata: dict[str, object] = {"heading": trail} if trail else {}
            passages.append(Passage(content, session=session, metadata=metadata))
    return passages


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section's trail, such as ``Install › Linux``, with its headings, paragraphs and code fences."""
    trail: list[tuple[int, str]] = []
    headings: list[str] = []
    body: list[str] = []
    position = 0
    for mark in MARK.finditer(text):
        body += _paragraphs(text[position : mark.start()])
        position = mark.end()
        if mark["fence"]:
            body.append(mark["fence"])
            continue
        if body:
            yield _joined(trail), headings + body
            headings, body = [], []
        level, title = _heading(mark)
        trail = [above for above in trail if above[0] < level] + [(level, title)]
        headings.append(title)
    body += _paragraphs(text[position:])
    yield _joined(trail), headings + body


def _heading(mark: re.Match[str]) -> tuple[int, str]:
    if mark["level"]:
        return len(mark["level"]), re.sub(r"\s+#+$", "", mark["title"].rstrip())
    return 1 if mark["underline"].startswith("=") else 2, mark["underlined"].rstrip()


def _joined(trail: list[tuple[int, str]]) -> str:
    return " › ".join(title for _, title in trail)


def _cut_block(block: str, target: int, limit: int) -> Iterator[str]:
    mark = MARK.match(block)
    if not (mark and mark["fence"]):
        return _cut(block, target, limit)
    if len(block) <= limit:
        return iter([block])
    return _cut_fence(block, mark["ticks"], limit)


def _cut_fence(fence: str, ticks: str, limit: int) -> Iterator[str]:
    opening, *code = fence.split("\n")
    if code and code[-1].strip().startswith(ticks):
        code.pop()
    room = limit - len(f"{opening}\n\n{ticks}")
    if room < 1:
        return _cut(fence.strip(), limit, limit)
    lines = (part for line in code for part in _cut(line.rstrip(), room, room))
    return (f"{opening}\n{part}\n{ticks}" for part in _merge(lines, room, room, between="\n"))


def read_ndjson(lines: Iterable[str]) -> Iterator[Passage]:
    """One memory a line: an object with ``content`` and, where wanted, the other fields of a ``Passage``.

    ``observed_at`` is an ISO 8601 time with its offset from UTC. Blank lines are skipped. Raises
    ``PassageError`` naming the line for anything else.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            passage = _passage(line)
        except ValueError as error:
            raise PassageError(f"line {number}: {error}") from error
        yield passage


def _passage(line: str) -> Passage:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_shown(line.strip())} is not JSON ({error}); allowed: one JSON object") from error
    if not isinstance(entry, dict):
        raise ValueError(f"{_shown(line.strip())} is given; allowed: one JSON object")
    if "content" not in entry:
        raise ValueError(f"'content' is missing; allowed: {FIELDS['content'][1]}")
    return Passage(**{key: _field(key, value) for key, value in entry.items()})


def _field(key: str, value: object) -> Any:
    if key not in FIELDS:
        raise ValueError(f"'{_shown(key)}' is not a field of a memory; allowed: {', '.join(FIELDS)}")
    read, allowed = FIELDS[key]
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"'{key}' is {_shown(json.dumps(value))}; allowed: {allowed}") from error


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}… ({len(text):,} characters)"


def _content(value: object) -> str:
    content = _text(value)
    if len(content.encode()) > CONTENT_BYTES:
        raise ValueError
    return content


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError
    _check_encodable(value)
    return value


def _check_encodable(text: str) -> None:
    """JSON can spell half a surrogate pair, which UTF-8, and so Postgres, cannot hold."""
    text.encode()


def _session(value: object) -> str | None:
    return None if value is None else _text(value)


def _kind(value: object) -> str:
    if not isinstance(value, str) or not KIND.match(value):
        raise ValueError
    return value


def _observed_at(value: object) -> datetime | None:
    if value is None:
        return None
    observed_at = datetime.fromisoformat(_text(value))
    if observed_at.utcoffset() is None:
        raise ValueError
    return observed_at


def _confidence(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError
    return round(float(value), 6)


NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _metadata(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    _check_encodable(written)
    if NUL.search(written):
        raise ValueError
    return value


FIELDS: dict[str, tuple[Callable[[object], object], str]] = {
    "content": (_content, "a text that is not blank, of at most 32 KiB, without NUL characters"),
    "session": (_session, "a text that is not blank, without NUL characters"),
    "kind": (_kind, KIND_RULE),
    "observed_at": (_observed_at, 'an ISO 8601 time with an offset, such as "2026-09-14T10:30:00+02:00"'),
    "confidence": (_confidence, "a number from 0 to 1"),
    "metadata": (_metadata, "an object without NaN, Infinity and NUL characters"),
}

NDJSON_SUFFIXES = (".ndjson", ".jsonl")
MARKDOWN_SUFFIXES = (".md", ".markdown")


def read_passages(path: Path) -> Iterator[Passage]:
    """``.ndjson`` and ``.jsonl`` files by line, ``.md`` and ``.markdown`` by section, all others as text.

    The file's name is the session of text and Markdown, which makes neighbouring passages neighbours in time.
    Raises ``PassageError`` naming the file if it cannot be read, is not text in UTF-8, or holds a bad line.
    """
    suffix = path.suffix.lower()
    try:
        with path.open(encoding="utf-8-sig") as file:
            if suffix in NDJSON_SUFFIXES:
                yield from read_ndjson(file)
                return
            text = file.read()
    except PassageError as error:
        raise PassageError(f"{path.name}, {error}") from error
    except UnicodeDecodeError as error:
        raise _not_text(path) from error
    except OSError as error:
        raise PassageError(f"{path} cannot be read ({error.strerror}); allowed: a readable file") from error
    if "\0" in text:
        raise _not_text(path)
    split = split_markdown if suffix in MARKDOWN_SUFFIXES else split_text
    yield from split(text, session=path.name)


def _not_text(path: Path) -> PassageError:
    allowed = ", ".join((".txt", *MARKDOWN_SUFFIXES, *NDJSON_SUFFIXES))
    return PassageError(f"{path.name} is not text in UTF-8; allowed: {allowed} or any other text in UTF-8")
