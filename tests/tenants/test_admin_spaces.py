"""Spaces in the operators' pages: placed by the same rules as through the API, and never taken back from an erasure."""

from typing import Any

import pytest
from django.test import Client

from tenants.callers import operator as shell
from tenants.models import Erasure, Space
from tenants.services.spaces import NewSpace, create_space
from tests.tenants.asking import newest_event
from tests.tenants.operators import form_of, page, saved, trail
from tests.world import World, logged_in


def _url(space: str) -> str:
    return page("space", "change", Space.objects.get(name=space).pk)


def _told(client: Client, url: str, form: dict[str, Any]) -> str:
    return str(client.post(url, form, follow=True).content.decode())


def _below(parent: str) -> None:
    create_space(shell("tests"), NewSpace("acme_below", parent=parent), tenant_slug="acme")


def test_a_form_that_was_opened_before_an_erasure_began_does_not_reopen_the_space(
    operator: Client, world: World
) -> None:
    url = _url("acme_s1")
    stale = {**form_of(operator, url), "title": "Another title"}
    assert logged_in("alice").delete("/api/v1/spaces/acme_s1/").status_code == 202
    assert "is being erased" in _told(operator, url, stale)
    space = Space.objects.get(name="acme_s1")
    assert (space.status, space.title) == ("erasing", "")
    assert logged_in("alice").delete("/api/v1/spaces/acme_s1/").status_code == 403


def test_a_space_that_is_being_erased_is_shown_and_not_offered_for_change(operator: Client) -> None:
    logged_in("alice").delete("/api/v1/spaces/acme_s1/")
    shown = operator.get(_url("acme_s1")).content.decode()
    assert ("Erasing" in shown, 'name="_save"' in shown) == (True, False)


def test_no_space_is_erased_by_its_status(operator: Client) -> None:
    url = _url("acme_s1")
    assert '<option value="erasing">' not in operator.get(url).content.decode()
    assert "erasing is not one of the available choices" in _told(
        operator, url, {**form_of(operator, url), "status": "erasing"}
    )
    assert (Space.objects.get(name="acme_s1").status, Erasure.objects.count()) == ("active", 0)


def test_a_space_above_an_active_one_is_not_archived(operator: Client) -> None:
    _below("acme_s1")
    url = _url("acme_s1")
    told = _told(operator, url, {**form_of(operator, url), "status": "archived"})
    assert "stand active spaces: acme_below" in told
    assert Space.objects.get(name="acme_s1").status == "active"


def test_a_form_that_a_service_refuses_keeps_what_was_typed(operator: Client) -> None:
    _below("acme_s1")
    url = _url("acme_s1")
    typed = {"status": "archived", "title": "Another title", "rate_limit_per_space": "7"}
    response = operator.post(url, {**form_of(operator, url), **typed})
    form = response.context["adminform"].form
    assert "stand active spaces: acme_below" in str(form.errors)
    assert {name: str(form[name].value()) for name in typed} == typed
    space = Space.objects.get(name="acme_s1")
    assert (space.title, space.limits) == ("", {})


def test_what_a_service_refuses_is_said_beside_the_field_that_it_names(operator: Client) -> None:
    parent = Space.objects.get(name="acme_s1")
    url = page("space", "add")
    form = {**form_of(operator, url), "name": "acme_new", "tenant": str(parent.tenant_id), "parent": str(parent.pk)}
    Space.objects.filter(name="acme_s1").update(status="archived")
    response = operator.post(url, form)
    assert list(response.context["adminform"].form.errors) == ["parent"]


def test_a_space_below_an_archived_one_does_not_return(operator: Client) -> None:
    _below("acme_s1")
    Space.objects.filter(name__in=["acme_s1", "acme_below"]).update(status="archived")
    url = _url("acme_below")
    assert "which is archived" in _told(operator, url, {**form_of(operator, url), "status": "active"})
    assert Space.objects.get(name="acme_below").status == "archived"


@pytest.mark.parametrize("status", ["archived", "erasing"])
def test_a_space_is_not_made_below_one_that_is_not_active(operator: Client, status: str) -> None:
    Space.objects.filter(name="acme_s1").update(status=status)
    parent = Space.objects.get(name="acme_s1")
    url = page("space", "add")
    form = {**form_of(operator, url), "name": "acme_new", "tenant": str(parent.tenant_id), "parent": str(parent.pk)}
    assert "&#x27;parent&#x27; is &#x27;acme_s1&#x27;" in _told(operator, url, form)
    assert not Space.objects.filter(name="acme_new").exists()


def test_a_space_is_archived_moved_and_given_limits_in_one_form(operator: Client) -> None:
    above = Space.objects.get(name="acme_s10")
    saved(operator, _url("acme_s1"), status="archived", parent=str(above.pk), rate_limit_per_space="5")
    space = Space.objects.get(name="acme_s1")
    assert (space.status, space.parent, space.limits) == ("archived", above, {"rate_limit_per_space": 5})
    assert trail("acme")[:3] == ["administer", "set_limits", "update_space"]
    assert newest_event("acme").actor_name == "root"
