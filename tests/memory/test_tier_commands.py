"""``tiers`` and ``rebalance``: what operators ask for at the shell."""

import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from memory.management.commands import rebalance
from memory.services.work import take_turn
from tenants.scope import space_tx
from tenants.services.upkeep import active_space_ids
from tests.limits import limit_space
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.memory.test_tiers import fill, tiers
from tests.tenants.control_api import trail
from tests.world import scope_of

SPACE = "acme_plane"


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def full(plane: SpaceApi) -> SpaceApi:
    fill(plane, 20)
    limit_space(SPACE, hot_capacity_per_space=10)
    return plane


def test_tiers_says_what_would_move_and_moves_nothing(full: SpaceApi) -> None:
    shown = run("tiers", SPACE)
    assert "20 of 10 (200.0%)" in shown
    assert "hot to warm  12 because hot is above 80 %; first " in shown
    assert tiers() == {"hot": 20}


def test_tiers_tells_a_script(full: SpaceApi) -> None:
    told = json.loads(run("tiers", SPACE, json=True))
    assert told["tiers"][0] == {"tier": "hot", "memories": 20, "capacity": 10}
    (step,) = told["steps"]
    assert (step["source"], step["target"], step["reason"], step["memories"]) == ("hot", "warm", "full", 12)


def test_tiers_of_a_space_with_room_says_none(plane: SpaceApi) -> None:
    assert "moves  none" in run("tiers", SPACE)


def test_rebalance_moves_what_tiers_said(full: SpaceApi) -> None:
    assert json.loads(run("rebalance", SPACE, json=True))["results"] == [
        {"space": SPACE, "hot_to_warm": 12, "warm_to_cold": 0, "done": True}
    ]
    assert tiers() == {"hot": 8, "warm": 12}
    assert ("allowed", "12 memories, hot to warm: full") in trail("acme", "rebalance")


def test_rebalance_goes_through_all_spaces(full: SpaceApi) -> None:
    told = json.loads(run("rebalance", all=True, json=True))["results"]
    assert {row["space"]: row["hot_to_warm"] for row in told} == {
        "acme_plane": 12, "acme_s1": 0, "acme_s10": 0, "acme_shared": 0, "globex_s1": 0,
    }  # fmt: skip


def test_rebalance_says_when_a_worker_is_at_the_space(full: SpaceApi) -> None:
    def refused() -> bool:
        with pytest.raises(CommandError, match=r"Another worker is at the space 'acme_plane'\. Try again"):
            run("rebalance", SPACE, json=True)
        return True

    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        assert at_once(refused) == [True]


def test_of_all_spaces_one_that_a_worker_is_at_is_left_to_it_and_one_that_is_gone_has_no_row(
    full: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebalance, "active_space_ids", lambda: [*active_space_ids(), uuid4()])
    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        (told,) = at_once(lambda: json.loads(run("rebalance", all=True, json=True))["results"])
    assert {row["space"]: row["done"] for row in told} == {
        "acme_plane": False, "acme_s1": True, "acme_s10": True, "acme_shared": True, "globex_s1": True,
    }  # fmt: skip
    assert tiers() == {"hot": 20}


@pytest.mark.parametrize("command", ["tiers", "rebalance"])
def test_a_space_that_there_is_not_is_said(database: None, command: str) -> None:
    with pytest.raises(CommandError, match=r"There is no space 'nowhere'\."):
        run(command, "nowhere")
