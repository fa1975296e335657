"""Clocks that were moved: a worker's against the database's, and the planner's and Redis' between two runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import libfaketime  # type: ignore[import-untyped]
import pytest
import time_machine
from django.utils import timezone

from engram_site.beat import Scheduler
from engram_site.celery import app
from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.memory.wholeness import assert_whole
from tests.site.full_space import SPACE, count, note_recalls
from tests.site.workers import Worker
from tests.world import World, scope_of

EAST = [1.0, 0.0]
LIBRARY = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


@pytest.fixture(scope="module", params=["-1d", "-1h", "+1h", "+1d"])
def moved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker whose clock is off by that much; how fast time passes is the same for all."""
    folder = tmp_path_factory.mktemp("moved")
    worker = Worker(folder, LD_PRELOAD=str(LIBRARY), FAKETIME=request.param, DONT_FAKE_MONOTONIC="1")
    yield worker
    assert worker.stop() == 0


@pytest.fixture
def plane(moved: Worker, world: World) -> SpaceApi:
    return space_of_vectors(SPACE, 2)


def test_age_is_by_the_databases_clock_whatever_the_workers_says(moved: Worker, plane: SpaceApi) -> None:
    idle, lately, expired, expiring = plane.batch([{"content": f"{n}", "embedding": EAST} for n in range(4)])
    now, half_an_hour = timezone.now(), timedelta(minutes=30)
    week = timedelta(days=7)
    plane.change_row(idle, tier="warm", last_recalled_at=now - week - half_an_hour)
    plane.change_row(lately, tier="warm", last_recalled_at=now - week + half_an_hour)
    plane.change_row(expired, expires_at=now - half_an_hour)
    plane.change_row(expiring, expires_at=now + half_an_hour)
    # Planners send tasks that are worth doing for some minutes only.
    moved.send("memory.tasks.tidy_spaces")
    moved.send("memory.tasks.rebalance_spaces")
    moved.wait_until(lambda: count() == 3 and plane.row(idle).tier == "cold")
    moved.wait_until(lambda: moved.count(r"memory.tasks.rebalance_space\[\S+\] succeeded") >= 4)
    assert plane.row(lately).tier == "warm"
    assert assert_whole(SPACE, 3) == {"hot": 1, "warm": 1, "cold": 1}


def test_what_is_recalled_is_recalled_by_the_databases_clock(moved: Worker, plane: SpaceApi) -> None:
    (cold,) = plane.batch([{"content": "East.", "embedding": EAST}])
    plane.change_row(cold, tier="cold", created_at=timezone.now() - timedelta(days=30))
    note_recalls(moved, 1)
    moved.send("memory.tasks.apply_recalls", str(scope_of(SPACE).space_id))
    moved.wait_until(lambda: plane.row(cold).tier == "warm")
    moved.send("memory.tasks.rebalance_space", str(scope_of(SPACE).space_id))
    row = plane.row(cold)
    assert row.last_recalled_at is not None
    assert abs(timezone.now() - row.last_recalled_at) < timedelta(minutes=5)
    assert assert_whole(SPACE, 1) == {"warm": 1}


def planned_ahead(folder: Path, ahead: timedelta) -> Scheduler:
    """A planner that has just sent everything, by a clock that goes so far ahead."""
    with time_machine.travel(datetime.now(UTC) + ahead):
        scheduler = Scheduler(app=app, schedule_filename=str(folder / "schedule"))
        scheduler.populate_heap()
        for entry in list(scheduler.schedule.values()):
            scheduler.reserve(entry)
    return scheduler


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
def test_the_planner_goes_on_when_its_clock_is_put_back(tmp_path: Path, ahead: timedelta) -> None:
    scheduler = planned_ahead(tmp_path, ahead)
    assert 0 < scheduler.tick() <= 5
    assert all(entry.last_run_at <= app.now() for entry in scheduler.schedule.values() if entry.last_run_at)
    scheduler.close()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
def test_the_planner_goes_on_when_its_clock_was_put_back_between_two_runs(tmp_path: Path, ahead: timedelta) -> None:
    planned_ahead(tmp_path, ahead).close()
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    assert 0 < scheduler.tick() <= 5
    scheduler.close()
