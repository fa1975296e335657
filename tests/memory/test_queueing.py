"""Tasks that line up again: one for a space, however many were planned meanwhile."""

from functools import partial

import pytest

from memory import tasks
from memory.services import entities
from tests.memory.broker import sent
from tests.memory.space_api import SpaceApi
from tests.world import scope_of


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory is a turn."""
    monkeypatch.setattr(entities, "link_entities", partial(entities.link_entities, batch=1, seconds=0))


def test_of_tasks_that_were_planned_meanwhile_one_lines_up_again(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Number {n} met Ana Lima.", "embedding": [1.0, 0.0]} for n in range(9)])
    space_id = str(scope_of("acme_plane").space_id)
    for _ in range(3):
        tasks.link_entities(space_id)
    assert list(sent()) == [([space_id], {"again": True})]
    tasks.link_entities(space_id, again=True)
    assert list(sent()) == [([space_id], {"again": True})]


def test_what_is_done_does_not_line_up(plane: SpaceApi) -> None:
    space_id = str(scope_of("acme_plane").space_id)
    tasks.link_entities(space_id)
    assert list(sent()) == []
