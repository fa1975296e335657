"""What being watched costs: the audit trail's and the metrics' share of a recall, and a scrape of many spaces."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import cycle, islice
from typing import Any
from unittest.mock import patch

from tqdm import tqdm

import memory.metrics
from benchmarks.bulk import Loader
from benchmarks.clients import HttpError
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import fill, make_tenant
from benchmarks.timing import Latency, in_turns, ratio, timed
from memory.services.recall import Cue, recall
from tenants import metrics
from tenants.operations import operation_recorded
from tenants.scope import SpaceScope

SPACE = "bench-overhead"
SCRAPED = 200
# A token names at most a hundred spaces.
SPACES_A_TENANT = 100
SCRAPES = 20


def measure(installation: Installation, *, quick: bool) -> Findings:
    size, calls = (1_000, 200) if quick else (10_000, 1_000)
    tenant = make_tenant("bench-overhead", [SPACE])
    with Loader(installation.admin_url) as loader, tqdm(total=size, desc="Filling", unit="memory", leave=False) as bar:
        space = fill(tenant, SPACE, size, 200, Corpus(seed=1), loader, bar)
        loader.settle()
    return _recalls(space.scope, space.questions, size, calls) + _scrapes(installation)


def _recalls(scope: SpaceScope, questions: Sequence[str], size: int, calls: int) -> Findings:
    asked = list(islice(cycle(questions), calls))
    arms: dict[str, Callable[[str], object]] = {
        "with both": partial(_recall, scope),
        "without the audit row": partial(_without, _no_audit, scope),
    }
    in_turns(arms, asked[:30])
    taken = in_turns(arms, asked)
    rows: list[list[Cell]] = [[name, Latency.of(times).p50, Latency.of(times).p95] for name, times in taken.items()]
    whole = taken["with both"]
    share = _share_of_metrics(scope, asked)
    return Findings(
        [Table(f"Recall by text in {size:,} memories, the service alone, ms", ["arm", "p50", "p95"], rows)],
        [
            Wanted.at_most(
                "recall with its audit row, p50, times without", 1.05, ratio(whole, taken["without the audit row"])
            ),
            Wanted.at_most("metrics' share of a recall's time", 0.01, share),
        ],
    )


def _recall(scope: SpaceScope, query: str) -> object:
    return recall(scope, Cue(query=query))


def _without(what: Callable[[], AbstractContextManager[object]], scope: SpaceScope, query: str) -> object:
    with what():
        return _recall(scope, query)


@contextmanager
def _no_audit() -> Iterator[None]:
    with patch("audit.queries.write_event"):
        yield


def _share_of_metrics(scope: SpaceScope, asked: Sequence[str]) -> float:
    """What counting and observing take of as many recalls, by the clock around them: less than two runs differ by."""
    clock = _Clock()
    count_when_stored, count, spreading = metrics._count_when_stored, metrics._count, memory.metrics.spreading

    @contextmanager
    def timed_spreading(*given: Any) -> Iterator[None]:
        observing = spreading(*given)
        clock.time(observing.__enter__)
        yield
        clock.time(observing.__exit__, None, None, None)

    operation_recorded.disconnect(dispatch_uid="metrics")
    operation_recorded.connect(partial(clock.time, count_when_stored), weak=False, dispatch_uid="timed metrics")
    with (
        patch("tenants.metrics._count", partial(clock.time, count)),
        patch("memory.metrics.spreading", timed_spreading),
    ):
        taken = sum(timed(partial(_recall, scope, query)) for query in asked)
    operation_recorded.disconnect(dispatch_uid="timed metrics")
    metrics.connect()
    return clock.milliseconds / taken


class _Clock:
    def __init__(self) -> None:
        self.milliseconds = 0.0

    def time(self, what: Callable[..., object], *given: Any, **named: Any) -> None:
        self.milliseconds += timed(lambda: what(*given, **named))


def _scrapes(installation: Installation) -> Findings:
    """Every space has been written to and recalled from, so that it has all its series."""
    names = [f"scraped-{number}" for number in range(SCRAPED)]
    for start in range(0, SCRAPED, SPACES_A_TENANT):
        tenant = make_tenant(f"scraped-{start}", names[start : start + SPACES_A_TENANT])
        # Two connections, so that both web processes have most of the series.
        for client in (tenant.client(installation), tenant.client(installation)):
            for name in names[start : start + SPACES_A_TENANT]:
                client.post_raw(f"spaces/{name}/memories/", json.dumps({"content": f"A memory of {name}."}).encode())
                client.post_raw(f"spaces/{name}/recall/", json.dumps({"query": "a memory"}).encode())
            client.close()
    taken = [timed(partial(_scrape, installation)) for _ in range(SCRAPES)]
    latency = Latency.of(taken)
    return Findings(
        [Table(f"A scrape of {SCRAPED} spaces, ms", ["p50", "p95"], [[latency.p50, latency.p95]])],
        [Wanted.at_most(f"a scrape of {SCRAPED} spaces, p50", 200.0, latency.p50, " ms")],
    )


def _scrape(installation: Installation) -> None:
    connection = HTTPConnection(installation.site.address, installation.site.port, timeout=30)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status != 200 or text.count(b"engram_spreading_latency_seconds_count{") < SCRAPED:
        raise HttpError(f"/metrics answered {response.status} without all spaces.")
