"""Measuring time so that what is compared meets the same machine: always in turns, always medians."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self, TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Self:
        return cls(*(float(value) for value in np.percentile(milliseconds, [50, 95, 99])))


def timed(act: Callable[[], object]) -> float:
    """How long a call takes, in milliseconds."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def in_turns(arms: Mapping[str, Callable[[T], object]], inputs: Iterable[T]) -> dict[str, list[float]]:
    """Milliseconds of every arm for every input. Each input goes through all arms, every time from the next one on."""
    names = list(arms)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn, given in enumerate(inputs):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            arm = arms[name]
            started = time.perf_counter()
            arm(given)
            taken[name].append((time.perf_counter() - started) * 1000)
    return taken


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Of medians."""
    return median(numerator) / median(denominator)
