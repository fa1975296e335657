"""Limits of many spaces at once, in the admin: asked for, shown before they are set, set space by space."""

from typing import Any

import pytest
from django.test import Client

from tenants.admin import limits
from tenants.callers import operator as at_the_shell
from tenants.models import Space
from tenants.services.space_limits import preview_limits, set_limits
from tests.tenants.operators import page, staff, trail
from tests.world import SPACES, World

ROOT = at_the_shell("tests")


def send(operator: Client, *names: str, **given: object) -> Any:
    """What the list's action sends, and with a ``step`` what its pages do."""
    chosen = [str(pk) for pk in Space.objects.filter(name__in=names).order_by("name").values_list("pk", flat=True)]
    data = {"action": "set_limits", "_selected_action": chosen, **given}
    return operator.post(page("space", "changelist"), data, follow=True)


def limits_of(*names: str) -> list[dict[str, int]]:
    return [Space.objects.get(name=name).limits for name in names]


def test_it_is_shown_before_it_is_done(operator: Client, world: World) -> None:
    set_limits(ROOT, "acme_s1", {"rate_limit_per_space": 7})
    asked = send(operator, "acme_s1", "globex_s1").content.decode()
    assert "Limits of 2 spaces" in asked
    shown = send(operator, "acme_s1", "globex_s1", step="preview", rate_limit_per_space="7", max_spreading_depth="2")
    changes = [(each.space, each.tenant, each.limit, each.before, each.after) for each in shown.context["changes"]]
    assert changes == [
        ("acme_s1", "acme", "max_spreading_depth", 5, 2),
        ("globex_s1", "globex", "max_spreading_depth", 5, 2),
        ("globex_s1", "globex", "rate_limit_per_space", 100, 7),
    ]
    assert limits_of("acme_s1", "globex_s1") == [{"rate_limit_per_space": 7}, {}]


def test_it_is_done_in_each_space_and_told_to_each_tenant(operator: Client, world: World) -> None:
    before = trail("acme").count("set_limits")
    send(operator, "acme_s1", "acme_s10", "globex_s1", step="set", max_spreading_depth="2")
    assert limits_of("acme_s1", "acme_s10", "globex_s1") == [{"max_spreading_depth": 2}] * 3
    assert limits_of("acme_shared") == [{}]
    assert (trail("acme").count("set_limits") - before, trail("globex").count("set_limits")) == (2, 1)


def test_limits_go_back_to_the_installations(operator: Client, world: World) -> None:
    set_limits(ROOT, "acme_s1", {"rate_limit_per_space": 7, "max_spreading_depth": 2})
    send(operator, "acme_s1", "acme_s10", step="set", back=["rate_limit_per_space"])
    assert limits_of("acme_s1", "acme_s10") == [{"max_spreading_depth": 2}, {}]


def test_a_space_that_is_gone_is_said_and_the_others_are_done(operator: Client, world: World) -> None:
    names = ["acme_s1", "acme_gone", "acme_s10"]
    answer = send(operator, "acme_s1", space=names, step="set", max_spreading_depth="2")
    told = [str(message) for message in answer.context["messages"]]
    assert told == ["acme_gone: There is no space 'acme_gone'.", "The limits of 2 spaces are set."]
    assert (answer.context["names"], answer.context["form"]["max_spreading_depth"].value()) == (["acme_gone"], "2")
    assert limits_of("acme_s1", "acme_s10") == [{"max_spreading_depth": 2}] * 2


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, None, "Nothing is to be changed; allowed: at least one limit."),
        ({"max_spreading_depth": "11"}, "max_spreading_depth", "a whole number from 1 to 10"),
        ({"rate_limit_per_space": "0"}, "rate_limit_per_space", "a whole number from 1 to"),
        ({"max_spreading_depth": "x"}, "max_spreading_depth", "Enter a whole number."),
        (
            {"max_spreading_depth": "2", "back": ["max_spreading_depth"]},
            "max_spreading_depth",
            "both set and ticked below",
        ),
        ({"back": ["no_limit"]}, "back", "no_limit is not one of the available choices"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "set"])
def test_what_cannot_be_is_said_beside_its_field(
    operator: Client, world: World, step: str, given: dict[str, object], field: str | None, sentence: str
) -> None:
    form = send(operator, "acme_s1", step=step, **given).context["form"]
    assert sentence in str(form.errors[field or "__all__"])
    assert limits_of("acme_s1") == [{}]


def test_of_too_many_at_once_none_is_done(operator: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_SPACES", 3)
    answer = send(operator, *SPACES, step="set", max_spreading_depth="2")
    assert [str(message) for message in answer.context["messages"]] == ["4 spaces are chosen; allowed: 3 at once."]
    assert limits_of(*SPACES) == [{}] * 4


def test_support_may_not(world: World) -> None:
    support = staff("sue", "Support")
    assert "Set limits of the chosen spaces" not in support.get(page("space", "changelist")).content.decode()
    send(support, "acme_s1", step="set", max_spreading_depth="2")
    assert limits_of("acme_s1") == [{}]


def test_a_preview_names_what_holds_now_and_leaves_out_what_stays(world: World) -> None:
    set_limits(ROOT, "acme_s1", {"max_spreading_depth": 5})
    assert preview_limits(ROOT, ["acme_s1"], {}, ["max_spreading_depth"]) == []
    (change,) = preview_limits(ROOT, ["acme_s1", "acme_gone"], {"max_spreading_depth": 3})
    assert (change.space, change.before, change.after) == ("acme_s1", 5, 3)
