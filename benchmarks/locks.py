"""What isolation costs: the same statements with its locks and without them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from tqdm import tqdm

from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import FilledSpace
from benchmarks.spreading import draw_sources, spread
from benchmarks.timing import Latency, in_turns, ratio, timed
from memory import queries
from memory.queries import RecallCall
from tenants.scope import SpaceScope, space_tx

T = TypeVar("T")

BARE, BOUND, OPENED = "none", "policies", "policies and claim check"
MOST = 1.05


def measure(space: FilledSpace, calls: Sequence[RecallCall]) -> Findings:
    """Compare recall by text, and spreading from several memories, with the locks and without."""
    recalled = compare(space, queries.recall, calls)
    reached = compare(space, spread, draw_sources(space, len(calls)))
    rows = [
        *_rows("recall by text", recalled),
        *_rows("spread 3 hops from 10", reached),
        ["engram_check_space, three to a recall", None, *_check(space.scope), None],
    ]
    return Findings(
        [
            Table(
                f"Isolation in {len(space.ids):,} memories, ms",
                ["statement", "locks", "p50", "p95", "times none"],
                rows,
            )
        ],
        [
            Wanted.at_most(
                "recall by text with policies and claim check, times without",
                MOST,
                ratio(recalled[OPENED], recalled[BARE]),
            )
        ],
    )


def compare(space: FilledSpace, run: Callable[[SpaceScope, T], object], inputs: Sequence[T]) -> dict[str, list[float]]:
    """Milliseconds of a statement for every input, in turns.

    With no locks: the schema's owner, whom policies do not bind, in a plain transaction of a connection that was told its
    space once. With policies: the app's role in ``space_tx``, which says the space anew in every transaction. With the claim
    check: ``open_space`` before that, which compares the token's claim and looks up what is live, as every request does.
    """
    scope, app = space.scope, connections["default"]

    def bound(given: T) -> None:
        with space_tx(scope, durable=False):
            run(scope, given)

    def opened(given: T) -> None:
        live = space.tenant.open(space.name)
        with space_tx(live, durable=False):
            run(live, given)

    with _owner_inside(scope) as owner:

        def bare(given: T) -> None:
            connections["default"] = owner
            with transaction.atomic():
                run(scope, given)
            connections["default"] = app

        return in_turns({BARE: bare, BOUND: bound, OPENED: opened}, tqdm(inputs, desc="Isolation", leave=False))


def _check(scope: SpaceScope) -> list[Cell]:
    """What the search functions' own check of the space takes, which is in every one of the figures above it."""
    with space_tx(scope, durable=False), connections["default"].cursor() as cursor:
        statement = "select engram_check_space(%s) from generate_series(1, 1000)"
        taken = [timed(lambda: cursor.execute(statement, [scope.space_id])) / 1000 for _ in range(20)]
    latency = Latency.of(taken)
    return [latency.p50, latency.p95]


@contextmanager
def _owner_inside(scope: SpaceScope) -> Iterator[BaseDatabaseWrapper]:
    """A connection as the schema's owner whose session is set to a space."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])
    owner = connections["default"].copy()
    owner.settings_dict |= {"USER": unquote(url.username or ""), "PASSWORD": unquote(url.password or "")}
    with owner.cursor() as cursor:
        cursor.execute("select set_config('engram.space_id', %s, false)", [str(scope.space_id)])
    yield owner
    owner.close()


def _rows(statement: str, taken: dict[str, list[float]]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for locks, milliseconds in taken.items():
        latency = Latency.of(milliseconds)
        rows.append([statement, locks, latency.p50, latency.p95, ratio(milliseconds, taken[BARE])])
    return rows
