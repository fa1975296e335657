"""Members in the operators' pages: nobody lets themself in, and what is done is done by the services."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tenants.models import Grant, Membership, RefreshToken, Space, Tenant
from tests.tenants.asking import newest_event
from tests.tenants.operators import form_of, page, saved, staff, trail
from tests.world import World, login_token, make_member


@pytest.fixture
def clerk(world: World) -> Client:
    return staff("olga", "Operators")


def _url(tenant: str) -> str:
    return page("tenant", "change", Tenant.objects.get(slug=tenant).pk)


def _row(tenant: str, number: int, username: str, role: str) -> dict[str, str]:
    """One more row of a tenant's members, as the page sends it."""
    prefix = f"memberships-{number}"
    return {
        "memberships-TOTAL_FORMS": str(number + 1),
        f"{prefix}-user": str(get_user_model().objects.get(username=username).pk),
        f"{prefix}-role": role,
        f"{prefix}-tenant": str(Tenant.objects.get(slug=tenant).pk),
    }


def _told(client: Client, url: str, **changes: str) -> str:
    return str(client.post(url, {**form_of(client, url), **changes}, follow=True).content.decode())


def _members(tenant: str) -> dict[str, str]:
    return dict(Membership.objects.filter(tenant__slug=tenant).values_list("user__username", "role"))


def test_an_operator_does_not_let_themself_into_a_tenant(clerk: Client) -> None:
    as_if_there_were_nobody = {"memberships-INITIAL_FORMS": "0"}
    _told(clerk, _url("globex"), **_row("globex", 1, "olga", "admin"))
    _told(clerk, _url("globex"), **as_if_there_were_nobody, **_row("globex", 0, "olga", "admin"))
    assert _members("globex") == {"charlie": "admin"}


def test_an_operator_lets_nobody_into_a_tenant_that_has_its_admins(clerk: Client) -> None:
    _told(clerk, _url("globex"), **_row("globex", 1, "bob", "admin"))
    assert _members("globex") == {"charlie": "admin"}
    assert "charlie in globex" in clerk.get(_url("globex")).content.decode()


def test_an_operator_lets_the_first_admin_into_a_tenant(clerk: Client) -> None:
    saved(clerk, page("tenant", "add"), slug="initech", name="Initech")
    saved(clerk, _url("initech"), **_row("initech", 0, "bob", "admin"))
    assert _members("initech") == {"bob": "admin"}
    assert trail("initech")[:2] == ["administer", "add_member"]


def test_the_first_admin_whom_an_operator_lets_in_is_not_themself(clerk: Client) -> None:
    saved(clerk, page("tenant", "add"), slug="initech", name="Initech")
    assert "Nobody lets themself into a tenant" in _told(clerk, _url("initech"), **_row("initech", 0, "olga", "admin"))
    assert _members("initech") == {}


def test_a_superuser_neither_lets_themself_in_nor_raises_their_own_role(operator: Client) -> None:
    assert "Nobody lets themself into a tenant" in _told(operator, _url("globex"), **_row("globex", 1, "root", "admin"))
    Membership.objects.create(
        tenant=Tenant.objects.get(slug="acme"), user=get_user_model().objects.get(username="root"), role="member"
    )
    rows = form_of(operator, _url("acme"))
    (mine,) = [
        name.removesuffix("-user")
        for name, user in rows.items()
        if name.endswith("-user") and user == get_user_model().objects.get(username="root").pk
    ]
    assert "Nobody lets themself into a tenant" in _told(operator, _url("acme"), **{f"{mine}-role": "admin"})
    assert (_members("acme")["root"], "root" in _members("globex")) == ("member", False)


def test_a_member_whom_a_superuser_adds_is_in_the_tenants_trail_by_name(operator: Client) -> None:
    saved(operator, _url("globex"), **_row("globex", 1, "bob", "member"))
    assert _members("globex") == {"charlie": "admin", "bob": "member"}
    assert trail("globex")[:2] == ["administer", "add_member"]
    assert newest_event("globex").target == "change tenant globex: added membership bob in globex"


def test_the_last_admin_stays(operator: Client) -> None:
    told = _told(operator, _url("globex"), **{"memberships-0-role": "member"})
    assert "is the tenant&#x27;s last admin" in told
    assert "is the tenant&#x27;s last admin" in _told(operator, _url("globex"), **{"memberships-0-DELETE": "on"})
    assert _members("globex") == {"charlie": "admin"}


def test_one_form_replaces_the_last_admin(operator: Client) -> None:
    fields = {**_row("globex", 1, "bob", "admin"), "memberships-0-DELETE": "on"}
    saved(operator, _url("globex"), **fields)
    assert _members("globex") == {"bob": "admin"}
    assert trail("globex")[:3] == ["administer", "remove_member", "add_member"]


def test_who_is_sent_away_here_has_no_token_left(operator: Client) -> None:
    make_member("dora", tenant="globex")
    login_token("dora")
    rows = form_of(operator, _url("globex"))
    dora = get_user_model().objects.get(username="dora").pk
    (hers,) = [name.removesuffix("-user") for name, user in rows.items() if name.endswith("-user") and user == dora]
    saved(operator, _url("globex"), **{f"{hers}-DELETE": "on"})
    assert _members("globex") == {"charlie": "admin"}
    assert RefreshToken.objects.filter(user=dora, revoked_at=None).count() == 0


def test_nobody_shares_a_space_with_a_tenant_that_they_are_a_member_of(operator: Client) -> None:
    make_member("root", tenant="globex")
    space, tenant = Space.objects.get(name="acme_s1"), Tenant.objects.get(slug="globex")
    fields = {"space": str(space.pk), "tenant": str(tenant.pk), "access": "read"}
    assert "You are a member of globex" in _told(operator, page("grant", "add"), **fields)
    assert not Grant.objects.filter(space=space).exists()
    shared = page("grant", "change", Grant.objects.get(space__name="acme_shared").pk)
    assert "You are a member of globex" in _told(operator, shared, access="write")
    assert Grant.objects.get(space__name="acme_shared").permissions == ["read"]
