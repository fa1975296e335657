"""A space's own limits, set at the shell."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants.limits import installation
from tenants.models import Space
from tests.tenants.control_api import ControlApi, trail
from tests.world import World


def set_limits(*arguments: str) -> Any:
    printed = StringIO()
    call_command("set_limits", *arguments, "--json", stdout=printed)
    return json.loads(printed.getvalue())


def own_limits(space: str) -> Any:
    return Space.objects.get(name=space).limits


def seen_limits(caller: ControlApi, space: str) -> Any:
    return caller.get("auth/whoami/").json()["spaces"][space]["limits"]


def test_a_limit_of_its_own_holds_for_the_space_alone(alice: ControlApi) -> None:
    answer = set_limits("acme_s1", "rate_limit_per_space=20", "max_spreading_depth=3")
    assert (answer["rate_limit_per_space"], answer["max_spreading_depth"]) == (20, 3)
    assert answer["hot_capacity_per_space"] == installation().limits.hot_capacity_per_space
    assert seen_limits(alice, "acme_s1") == answer
    assert seen_limits(alice, "acme_s10")["rate_limit_per_space"] == installation().limits.rate_limit_per_space


def test_setting_one_limit_keeps_the_others(world: World) -> None:
    set_limits("acme_s1", "rate_limit_per_space=20")
    set_limits("acme_s1", "max_spreading_depth=3")
    assert own_limits("acme_s1") == {"rate_limit_per_space": 20, "max_spreading_depth": 3}


def test_a_reset_limit_is_the_installations_again(world: World) -> None:
    set_limits("acme_s1", "rate_limit_per_space=20", "max_spreading_depth=3")
    answer = set_limits("acme_s1", "max_spreading_depth=4", "--reset", "rate_limit_per_space")
    assert answer["rate_limit_per_space"] == installation().limits.rate_limit_per_space
    assert own_limits("acme_s1") == {"max_spreading_depth": 4}


def test_without_a_change_it_says_what_holds(world: World) -> None:
    assert set_limits("acme_s1")["max_spreading_depth"] == installation().limits.max_spreading_depth


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rate_limit=20"], "limits has 'rate_limit'; allowed: cold_capacity_per_space"),
        (["rate_limit_per_space=0"], "limits.rate_limit_per_space is 0; allowed: a whole number from 1"),
        (["max_spreading_depth=11"], "allowed: a whole number from 1 to 10"),
        (["rate_limit_per_space=many"], "'rate_limit_per_space=many' sets no limit; allowed: LIMIT=VALUE"),
        (["rate_limit_per_space"], "sets no limit"),
        (["--reset", "speed"], "limits has 'speed'"),
        (["max_spreading_depth=2", "--reset", "max_spreading_depth"], "max_spreading_depth is both set and reset"),
    ],
)
def test_what_will_not_do_is_named_and_changes_nothing(world: World, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        set_limits("acme_s1", *arguments)
    assert own_limits("acme_s1") == {}


def test_a_space_that_there_is_not_is_named(world: World) -> None:
    with pytest.raises(CommandError, match="There is no space 'acme_s2'"):
        set_limits("acme_s2", "rate_limit_per_space=20")


def test_a_change_is_in_the_trail_of_the_spaces_tenant(world: World) -> None:
    set_limits("acme_s1", "rate_limit_per_space=20", "--reset", "max_spreading_depth")
    assert trail("acme", "set_limits") == [("allowed", "rate_limit_per_space=20, max_spreading_depth reset")]
