"""A space's own limits, on its page in the admin."""

from dataclasses import fields

import pytest
from django.test import Client
from django.utils.html import escape

from tenants.admin.limits import LIMITS, ManyLimitsForm
from tenants.admin.spaces import SpaceForm
from tenants.limits import Limits, installation
from tenants.models import Space
from tests.tenants.asking import newest_event
from tests.tenants.operators import form_of, page, saved, trail
from tests.world import World


def _page(space: str) -> str:
    return page("space", "change", Space.objects.get(name=space).pk)


def test_every_limit_that_there_is_has_its_field() -> None:
    assert [field.name for field in fields(Limits)] == LIMITS
    assert set(SpaceForm.base_fields) >= set(LIMITS)
    assert set(ManyLimitsForm.base_fields) == {*LIMITS, "back"}


def test_what_is_inherited_is_shown_where_a_space_has_no_limit_of_its_own(operator: Client, world: World) -> None:
    shown = operator.get(_page("acme_s1")).content.decode()
    assert f"Inherited: {installation().limits.hot_capacity_per_space:,}." in shown
    assert "Allowed: 1 to 10." in shown
    assert "rate_limit_per_space" not in form_of(operator, _page("acme_s1"))


def test_a_limit_is_set_and_taken_back(operator: Client, world: World) -> None:
    saved(operator, _page("acme_s1"), rate_limit_per_space="7", max_spreading_depth="2")
    assert Space.objects.get(name="acme_s1").limits == {"rate_limit_per_space": 7, "max_spreading_depth": 2}
    assert form_of(operator, _page("acme_s1"))["rate_limit_per_space"] == 7
    saved(operator, _page("acme_s1"), rate_limit_per_space="")
    assert Space.objects.get(name="acme_s1").limits == {"max_spreading_depth": 2}
    told = world.client("acme").get("/api/v1/auth/whoami/").json()["spaces"]["acme_s1"]["limits"]
    assert told["rate_limit_per_space"] == installation().limits.rate_limit_per_space


def test_the_tenant_is_told_which_limits_were_set(operator: Client, world: World) -> None:
    saved(operator, _page("acme_s1"), rate_limit_per_space="7")
    assert "set_limits" in trail("acme")
    saved(operator, _page("acme_s1"), title="Another title")
    assert newest_event("acme").action == "administer"
    assert trail("acme").count("set_limits") == 1


def test_a_new_space_has_its_limits_from_the_start(operator: Client, world: World) -> None:
    tenant = Space.objects.get(name="acme_s1").tenant
    saved(operator, page("space", "add"), name="acme_small", tenant=str(tenant.pk), hot_capacity_per_space="10")
    assert Space.objects.get(name="acme_small").limits == {"hot_capacity_per_space": 10}


@pytest.mark.parametrize("value", ["0", "-1", "11"])
def test_a_limit_beyond_what_is_allowed_is_refused_beside_its_field(operator: Client, world: World, value: str) -> None:
    url = _page("acme_s1")
    response = operator.post(url, {**form_of(operator, url), "max_spreading_depth": value})
    sentence = f"limits.max_spreading_depth is {value}; allowed: a whole number from 1 to 10."
    assert response.context["adminform"].form.errors == {"max_spreading_depth": [sentence]}
    assert escape(sentence) in response.content.decode()
    assert Space.objects.get(name="acme_s1").limits == {}
