"""What a benchmark says: tables of figures, what was wanted of them, and on what they were measured."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from django.db import connection

Cell = str | int | float | None
PACKAGES = ("Django", "djangorestframework", "psycopg", "gunicorn", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Table:
    """Figures under a title. Milliseconds unless a column says otherwise."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure that the product is held to."""

    what: str
    wanted: str
    measured: str
    holds: bool

    @classmethod
    def at_most(cls, what: str, most: float, measured: float, unit: str = "") -> "Wanted":
        return cls(what, f"at most {_shown(most)}{unit}", f"{_shown(measured)}{unit}", measured <= most)

    @classmethod
    def at_least(cls, what: str, least: float, measured: float, unit: str = "") -> "Wanted":
        return cls(what, f"at least {_shown(least)}{unit}", f"{_shown(measured)}{unit}", measured >= least)


@dataclass(frozen=True, slots=True)
class Findings:
    tables: Sequence[Table]
    wanted: Sequence[Wanted]

    def __add__(self, other: "Findings") -> "Findings":
        return Findings([*self.tables, *other.tables], [*self.wanted, *other.wanted])


def setting() -> dict[str, str]:
    """The machine, the versions and the date, by what they are called."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('server_version'), extversion from pg_extension where extname = 'vector'"
        )
        postgres, pgvector = cursor.fetchone()
    workers, threads = os.environ.get("ENGRAM_WEB_WORKERS", "2"), os.environ.get("ENGRAM_WEB_THREADS", "8")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GB",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "web": f"{workers} workers × {threads} threads",
        "Python": platform.python_version(),
        "PostgreSQL": f"{postgres}, pgvector {pgvector}",
        **{package: version(package) for package in PACKAGES},
    }


def as_markdown(settings: Mapping[str, str], findings: Findings) -> str:
    judged = [[want.what, want.wanted, want.measured, "yes" if want.holds else "NO"] for want in findings.wanted]
    tables = [*findings.tables, Table("What was wanted", ["figure", "wanted", "measured", "holds"], judged)]
    return "\n\n".join(
        [", ".join(f"{name} {value}" for name, value in settings.items()), *(_table(table) for table in tables)]
    )


def as_json(settings: Mapping[str, str], findings: Findings) -> dict[str, Any]:
    tables = {
        table.title: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in findings.tables
    }
    return {"setting": dict(settings), "tables": tables, "wanted": [asdict(want) for want in findings.wanted]}


def _table(table: Table) -> str:
    rows = [[_shown(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    line = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([f"### {table.title}", "", head, line, *body])


def _shown(cell: Cell) -> str:
    """Three digits of a measured number, all of a counted one."""
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return "" if cell is None else cell
