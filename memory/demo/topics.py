"""Python's own reference, as ``help()`` prints it, turned into Markdown: headings, prose and fenced code."""

import re
import textwrap
from itertools import pairwise

UNDERLINES = "*=-~"
HEADING = re.compile(r"(?P<title>\S.*)\n(?P<underline>[*=~-])(?P=underline){2,}")
RULE = re.compile(r"=+")
RUBRIC = re.compile(r"-\[ (.+) \]-")
TABLE_RULE = re.compile(r" *[+|][-=+|]+[+|]")
LABEL = re.compile(r"[A-Z]\w+(?: \w+)?:")
LIST_MARKER = re.compile(r"(?:[*•-]|\d+\.|\[\d+\]) +")
CODE = re.compile(r">>>|\w+ +::=")
DESCRIPTION = re.compile(r"[A-Z\"“*\d\[]")
TABLE_OR_TERM = re.compile(r"\+-|\"\w+\"\n")
EMPHASIS = re.compile(r"(?<![\w*\"'])(\*{1,2})([A-Za-z][\w .-]*)\1(?![\w*\"'])")
# The reference indents notes by two columns; definitions and code by at least three.
DEEPER = 3


def topic_markdown(topic: str) -> str:
    """One line a paragraph, code in fences, a paragraph for each row of a table, emphasis removed."""
    markdown: list[str] = []
    code: list[str] = []
    code_indent = text_indent = 0
    for block in re.split(r"\n(?:[ \t]*\n)+", topic.strip("\n")):
        indent = _indent(block)
        if code and indent >= code_indent:
            code.append(block)
            continue
        markdown += _fence(code)
        code = []
        after = markdown[-1] if markdown else ""
        is_deeper = indent >= text_indent + DEEPER
        if _is_code(block.lstrip(), after, is_deeper):
            code, code_indent = [block], indent
            continue
        paragraphs = _prose(block)
        describes = is_deeper and not after.endswith("```")
        if paragraphs and (describes or LABEL.fullmatch(after)):
            markdown[-1] += f"{'' if after.endswith(':') else ':'} {paragraphs.pop(0)}"
        markdown += paragraphs
        text_indent = _text_indent(block)
    return "\n\n".join(markdown + _fence(code))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _text_indent(block: str) -> int:
    """The column at which the block's text goes on, behind a list's marker."""
    marker = LIST_MARKER.match(block.lstrip())
    return max(_indent(block.splitlines()[-1]), _indent(block) + (marker.end() if marker else 0))


def _is_code(block: str, after: str, is_deeper: bool) -> bool:
    """Code is known by its prompt or grammar, by the colon above it, or by opening without a capital."""
    if TABLE_OR_TERM.match(block):
        return False
    announced = after.endswith(":") or not DESCRIPTION.match(block)
    return bool(CODE.match(block)) or (is_deeper and announced)


def _fence(code: list[str]) -> list[str]:
    return ["```\n" + textwrap.dedent("\n\n".join(code)) + "\n```"] if code else []


def _prose(block: str) -> list[str]:
    heading = HEADING.fullmatch(block)
    if heading:
        return ["#" * (UNDERLINES.index(heading["underline"]) + 1) + f" {heading['title']}"]
    if RULE.fullmatch(block):
        return []
    if TABLE_RULE.match(block):
        return [EMPHASIS.sub(r"\2", row) for row in _table_rows(block.splitlines())]
    return [EMPHASIS.sub(r"\2", _unwrapped(RUBRIC.sub(r"\1", block)))]


def _table_rows(lines: list[str]) -> list[str]:
    columns = [position for position, character in enumerate(lines[0]) if character == "+"]
    rows = []
    cells = [""] * (len(columns) - 1)
    for line in lines[1:]:
        if TABLE_RULE.fullmatch(line):
            rows.append(": ".join(cell.strip() for cell in cells if cell.strip()))
            cells = [""] * (len(columns) - 1)
        else:
            parts = [line[start + 1 : end].strip() for start, end in pairwise(columns)]
            cells = [f"{cell} {part}" for cell, part in zip(cells, parts, strict=True)]
    return rows


def _unwrapped(block: str) -> str:
    first, *rest = block.splitlines()
    is_term = bool(rest) and _indent(rest[0]) > _indent(first) and not LIST_MARKER.match(first.lstrip())
    lines = [
        f"{first.strip().removesuffix(':')}:" if is_term else first.strip(),
        *(line.strip() for line in rest),
    ]
    return re.sub(r"(?<=\w-)\n(?=\w)", "", "\n".join(lines)).replace("\n", " ")
