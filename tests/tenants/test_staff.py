"""Staff by group: Support looks, Operators write."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from tenants.models import Grant, Space, Tenant
from tests.tenants.operators import YES, page, saved, staff
from tests.world import World

LISTS = ["tenant", "space", "grant", "apikey", "signingkey", "breakglass", "taskrun", "deadletter"]


@pytest.fixture
def support(world: World) -> Client:
    return staff("sam", "Support")


@pytest.fixture
def clerk(world: World) -> Client:
    return staff("olga", "Operators")


@pytest.mark.parametrize("model", LISTS)
def test_both_groups_see_every_list(support: Client, clerk: Client, model: str) -> None:
    assert [who.get(page(model, "changelist")).status_code for who in (support, clerk)] == [200, 200]


def test_support_sees_a_tenants_usage(support: Client) -> None:
    assert support.get(page("tenant", "usage", Tenant.objects.get(slug="acme").pk)).status_code == 200


def test_support_is_offered_no_change(support: Client) -> None:
    shown = support.get(page("space", "change", Space.objects.get(name="acme_s1").pk)).content.decode()
    assert 'name="_save"' not in shown
    assert "Suspend the chosen" not in support.get(page("tenant", "changelist")).content.decode()


def test_support_changes_nothing(support: Client) -> None:
    tenant, space = Tenant.objects.get(slug="acme"), Space.objects.get(name="acme_s1")
    support.post(page("tenant", "changelist"), {"action": "suspend", "_selected_action": [tenant.pk], **YES})
    assert support.post(page("space", "change", space.pk), {"title": "Mine"}).status_code == 403
    assert support.post(page("grant", "delete", Grant.objects.get().pk), {"post": "yes"}).status_code == 403
    assert support.get(page("breakglass", "add")).status_code == 403
    assert (Tenant.objects.get(slug="acme").status, Grant.objects.count()) == ("active", 1)


def test_operators_write(clerk: Client) -> None:
    saved(clerk, page("space", "change", Space.objects.get(name="acme_s1").pk), rate_limit_per_space="5")
    assert Space.objects.get(name="acme_s1").limits == {"rate_limit_per_space": 5}
    tenant = Tenant.objects.get(slug="acme")
    clerk.post(page("tenant", "changelist"), {"action": "suspend", "_selected_action": [tenant.pk], **YES})
    assert Tenant.objects.get(slug="acme").status == "suspended"


@pytest.mark.parametrize("who", ["support", "clerk"])
def test_neither_group_makes_itself_more_than_it_is(request: pytest.FixtureRequest, who: str) -> None:
    client = request.getfixturevalue(who)
    assert client.get("/admin/auth/user/add/").status_code == 403
    assert client.get("/admin/auth/group/").status_code == 403


def test_the_groups_hold_what_is_said_of_them(database: None) -> None:
    held = {
        group.name: {permission.codename.split("_")[0] for permission in group.permissions.all()}
        for group in Group.objects.all()
    }
    assert held["Support"] == {"view"}
    assert held["Operators"] == {"view", "add", "change", "delete"}
