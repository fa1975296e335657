"""Spaces shared between tenants, on the operators' one page for it."""

from django.test import Client

from tenants.models import Grant, Space, Team, Tenant
from tests.tenants.asking import newest_event, problem
from tests.tenants.operators import form_of, page, saved, trail
from tests.world import World


def _ids(space: str, tenant: str) -> dict[str, str]:
    return {"space": str(Space.objects.get(name=space).pk), "tenant": str(Tenant.objects.get(slug=tenant).pk)}


def test_every_shared_space_is_listed_with_its_owner_and_whom_it_is_shared_with(operator: Client, world: World) -> None:
    listed = operator.get(page("grant", "changelist")).content.decode()
    assert "Spaces shared between tenants" in listed
    assert [cell in listed for cell in ("acme_shared", "acme", "globex", "Read only")] == [True] * 4


def test_what_a_tenant_shares_inside_itself_is_not_listed(operator: Client, world: World) -> None:
    space = Space.objects.get(name="acme_s10")
    team = Team.objects.create(tenant=space.tenant, slug="insiders", name="Insiders")
    inside = Grant.objects.create(space=space, team=team, permissions=["read"])
    assert "acme_s10" not in operator.get(page("grant", "changelist")).content.decode()
    assert operator.get(page("grant", "change", inside.pk)).status_code == 302


def test_a_space_leads_to_the_grants_of_it_alone(operator: Client, world: World) -> None:
    saved(operator, page("grant", "add"), **_ids("acme_s1", "globex"), access="write")
    space = Space.objects.get(name="acme_s1")
    listed = operator.get(page("grant", "changelist"), {"space": str(space.pk)}).content.decode()
    assert ("acme_s1" in listed, "acme_shared" in listed) == (True, False)
    assert (
        f'href="/admin/tenants/grant/?space={space.pk}"' in operator.get(page("space", "changelist")).content.decode()
    )


def test_a_space_is_shared_here(operator: Client, world: World) -> None:
    saved(operator, page("grant", "add"), **_ids("acme_s1", "globex"), access="read")
    assert Grant.objects.get(space__name="acme_s1").permissions == ["read"]
    assert trail("acme")[0] == "share_space"
    assert newest_event("acme").target == "acme_s1 with tenant globex: read"


def test_what_was_granted_is_widened_and_narrowed_here(operator: Client, world: World) -> None:
    grant = Grant.objects.get()
    saved(operator, page("grant", "change", grant.pk), access="write")
    assert Grant.objects.get().permissions == ["read", "write"]
    assert form_of(operator, page("grant", "change", grant.pk))["access"] == "write"
    saved(operator, page("grant", "change", grant.pk), access="read")
    assert Grant.objects.get().permissions == ["read"]


def test_a_space_is_withdrawn_here_at_once(operator: Client, world: World) -> None:
    application = world.client("globex")
    operator.post(page("grant", "delete", Grant.objects.get().pk), {"post": "yes"})
    assert problem(application.get("/api/v1/spaces/acme_shared/")) == (403, "access_withdrawn", None)
    assert newest_event("acme").action == "withdraw_space"
    assert newest_event("acme").actor_name == "root"


def test_many_are_withdrawn_together_once_confirmed(operator: Client, world: World) -> None:
    saved(operator, page("grant", "add"), **_ids("acme_s1", "globex"), access="write")
    chosen = {"action": "delete_selected", "_selected_action": [grant.pk for grant in Grant.objects.all()]}
    operator.post(page("grant", "changelist"), chosen)
    assert Grant.objects.count() == 2
    operator.post(page("grant", "changelist"), chosen | {"post": "yes"})
    assert Grant.objects.count() == 0
    assert trail("acme")[:2] == ["withdraw_space", "withdraw_space"]


def test_a_space_is_not_shared_with_its_owner(operator: Client, world: World) -> None:
    url = page("grant", "add")
    response = operator.post(url, {**_ids("acme_s1", "acme"), "access": "read"})
    assert "The space acme_s1 belongs to acme already; allowed: another tenant." in response.content.decode()


def test_a_space_is_not_shared_twice(operator: Client, world: World) -> None:
    response = operator.post(page("grant", "add"), {**_ids("acme_shared", "globex"), "access": "write"})
    assert "already exists" in response.content.decode()
    assert Grant.objects.get().permissions == ["read"]


def test_no_grant_gives_the_right_to_manage(operator: Client, world: World) -> None:
    response = operator.post(page("grant", "change", Grant.objects.get().pk), {"access": "manage"})
    assert "manage is not one of the available choices" in response.content.decode()
    assert Grant.objects.get().permissions == ["read"]
