"""Tasks of an import that were sent twice: one of them goes on, and no line is stored by both."""

import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import numpy as np
import pytest
from django.utils import timezone

from memory import tasks, vectors
from memory.models import Import
from memory.records import Vector
from memory.services import import_memories as importing
from memory.services.imports import send_next
from tenants.scope import SpaceScope, space_tx
from tests.memory.broker import sent
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.memory.transfers import memory, plane_file, send
from tests.memory.wholeness import assert_whole
from tests.world import scope_of

# The space's line comes first, then a batch for each pair of lines; the last has the end's.
FILE = plane_file(*[memory(f"Memory {n}.") for n in range(6)])
BATCHES = 4


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of two lines is a turn."""
    monkeypatch.setattr(importing, "BATCH_LINES", 2)
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0)


def send_twice(plane: SpaceApi) -> str:
    """The id of an import whose first task nobody came to for so long that it was sent once more."""
    import_id = str(send(plane, FILE).json()["id"])
    with space_tx(scope_of("acme_plane")):
        Import.objects.update(updated_at=timezone.now() - timedelta(seconds=tasks.SILENT_SECONDS + 1))
    assert tasks.resume_imports() == 1
    return import_id


def told(plane: SpaceApi, import_id: str) -> tuple[str, int, int]:
    job = plane.get(f"import/{import_id}/").json()
    return job["status"], job["memories"], job["existing"]


def test_an_import_that_was_sent_twice_goes_on_once(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    turns = [(arguments[2], tasks.import_memories(*arguments)) for arguments, _ in sent()]
    assert turns == [(0, "running"), (0, "running"), (1, "running"), (2, "running"), (3, "done")]
    assert told(plane, import_id) == ("done", 6, 0)


def test_a_text_is_embedded_once_however_many_turns_it_takes(plane: SpaceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def embed(scope: SpaceScope, texts: list[str]) -> list[Vector]:
        asked.extend(texts)
        return [np.array([1.0, 0.0], np.float32)] * len(texts)

    monkeypatch.setattr(vectors, "embed", embed)
    contents = [f"Text {n}." for n in range(7)]
    import_id = send(plane, plane_file(*[memory(content, embedding=None) for content in contents])).json()["id"]
    for arguments, _ in sent():
        tasks.import_memories(*arguments)
    assert told(plane, import_id)[0] == "done"
    assert asked == contents


def test_a_task_whose_turn_was_had_stores_nothing(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    first, second = [arguments for arguments, _ in sent()]
    assert tasks.import_memories(*first) == "running"
    assert told(plane, import_id) == ("running", 1, 0)
    assert tasks.import_memories(*second) == "running"
    assert told(plane, import_id) == ("running", 1, 0)


def test_two_tasks_of_one_turn_at_the_same_moment_leave_one_for_the_next(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    for _ in range(BATCHES):
        ((arguments, _), *_) = sent()
        at_once(*[partial(tasks.import_memories, *arguments)] * 3)
    assert list(sent()) == []
    assert told(plane, import_id) == ("done", 6, 0)
    assert_whole("acme_plane", 6)


def test_a_worker_that_is_overtaken_in_its_turn_stores_no_more(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    scope = scope_of("acme_plane")
    with space_tx(scope):
        row = Import.objects.get()
    send_next(scope, UUID(import_id), row.turn)
    with pytest.raises(importing.Overtaken):
        importing._store_batches(scope, row, until=0)
    assert told(plane, import_id) == ("queued", 0, 0)


def test_a_task_that_comes_again_in_its_turn_goes_on_where_the_killed_one_ended(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    assert importing.import_memories(scope_of("acme_plane"), UUID(import_id), 0, 0) == "running"
    assert [tasks.import_memories(*arguments) for arguments, _ in sent()] == ["running"] * 3 + ["done"]
    assert told(plane, import_id) == ("done", 6, 0)


def test_a_batch_that_a_killed_worker_was_storing_is_waited_for_and_stored_by_the_next(plane: SpaceApi) -> None:
    import_id = send_twice(plane)
    scope, held = scope_of("acme_plane"), threading.Event()

    def hold_and_lose() -> None:
        with suppress(InterruptedError), space_tx(scope):
            Import.objects.select_for_update().get(id=import_id)
            held.set()
            time.sleep(0.5)
            raise InterruptedError

    def go_on() -> str:
        held.wait()
        return importing.import_memories(scope, UUID(import_id), 0, 600)

    assert at_once(hold_and_lose, go_on)[1] == "done"
    assert told(plane, import_id) == ("done", 6, 0)
