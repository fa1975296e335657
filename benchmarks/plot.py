"""Line charts as SVG files, for the documents: no library, because that is all that they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 56, 52
INK, GRID, LINE = "#1f2933", "#d9dee3", "#1d6fb8"
LEVELS = 5


@dataclass(frozen=True, slots=True)
class Chart:
    """Points over a logarithmic axis, from zero up; ``most`` is a level that they should stay under, drawn as a dashed line."""

    title: str
    across: str
    up: str
    points: Sequence[tuple[float, float]]
    most: float


def draw(chart: Chart, path: Path) -> None:
    """Write the chart; a point at nought stands at the left edge, a decade before the next one."""
    path.write_text("\n".join(_svg(chart)) + "\n")


def _svg(chart: Chart) -> list[str]:
    top = _round_up(max(chart.most, *(up for _, up in chart.points)))
    places = [(_x(chart, across), _y(up, top)) for across, up in chart.points]
    levels = [top * level / LEVELS for level in range(LEVELS + 1)]
    most = _y(chart.most, top)
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(chart.title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, chart.title, size=15, weight="bold"),
        _text(LEFT, 44, chart.up),
        *(_line(LEFT, _y(level, top), WIDTH - RIGHT, _y(level, top), GRID) for level in levels),
        *(_text(LEFT - 8, _y(level, top) + 4, f"{level:g}", anchor="end") for level in levels),
        *(
            _text(place, HEIGHT - BOTTOM + 20, f"{across:,.0f}", anchor="middle")
            for (across, _), (place, _) in zip(chart.points, places, strict=True)
        ),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, chart.across, anchor="middle"),
        _line(LEFT, most, WIDTH - RIGHT, most, INK, dash="6 4"),
        _text(LEFT + 8, most - 6, f"wanted: at most {chart.most:.3g}"),
        f'<polyline fill="none" stroke="{LINE}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{LINE}"/>' for x, y in places),
        *(
            _text(x, y + 20, f"{up:.3g}", anchor="middle", weight="bold")
            for (x, y), (_, up) in zip(places, chart.points, strict=True)
        ),
        "</svg>",
    ]


def _x(chart: Chart, across: float) -> float:
    positive = [place for place, _ in chart.points if place > 0]
    first = min(positive) / 10 if any(place <= 0 for place, _ in chart.points) else min(positive)
    share = log10(max(across, first) / first) / log10(max(positive) / first)
    return LEFT + 24 + share * (WIDTH - LEFT - RIGHT - 64)


def _y(up: float, top: float) -> float:
    return HEIGHT - BOTTOM - up / top * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """To a number that ``LEVELS`` equal steps lead up to in round numbers."""
    unit = 10.0 ** int(log10(value))
    steps = (1, 1.5, 2, 2.5, 5, 7.5, 10)
    return next(unit * step for step in steps if unit * step >= value)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "none") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-dasharray="{dash}"/>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )
