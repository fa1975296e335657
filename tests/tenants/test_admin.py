"""The operators' pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission as DjangoPermission
from django.test import Client
from django.utils import timezone

from tenants.models import ApiKey, ApiKeySpace, Grant, Space, Tenant
from tests.tenants.asking import newest_event, problem
from tests.tenants.operators import YES, form_of, page, saved, trail
from tests.world import World


@pytest.mark.parametrize(
    "url",
    [
        "/admin/",
        "/admin/tenants/",
        "/admin/tenants/tenant/",
        "/admin/tenants/tenant/?status__exact=suspended",
        "/admin/tenants/tenant/?q=acme",
        "/admin/tenants/tenant/add/",
        "/admin/tenants/space/",
        "/admin/tenants/space/?q=acme",
        "/admin/tenants/space/add/",
        "/admin/tenants/apikey/",
        "/admin/tenants/apikey/?q=acme",
        "/admin/tenants/signingkey/",
        "/admin/tenants/grant/",
        "/admin/tenants/grant/?q=acme",
        "/admin/tenants/grant/add/",
        "/admin/tenants/breakglass/",
        "/admin/tenants/breakglass/add/",
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        "/admin/auth/group/",
        "/admin/autocomplete/?app_label=tenants&model_name=space&field_name=tenant",
        "/admin/autocomplete/?app_label=tenants&model_name=space&field_name=parent",
        "/admin/autocomplete/?app_label=tenants&model_name=membership&field_name=user",
    ],
)
def test_a_page_opens_and_shows_no_memory_and_no_secret(operator: Client, world: World, url: str) -> None:
    response = operator.get(url)
    assert response.status_code == 200
    _shows_no_memory_and_no_secret(response.content.decode(), world)


@pytest.mark.parametrize("model", [Tenant, Space, ApiKey, Grant])
@pytest.mark.parametrize("action", ["change", "history"])
def test_the_page_of_one_thing_opens_and_shows_no_memory_and_no_secret(
    operator: Client, world: World, model: Any, action: str
) -> None:
    instance = model.objects.first()
    response = operator.get(page(model._meta.model_name, action, instance.pk))
    assert response.status_code == 200
    _shows_no_memory_and_no_secret(response.content.decode(), world)


def _shows_no_memory_and_no_secret(text: str, world: World) -> None:
    secrets = [key.split("_", 2)[2] for key in world.keys.values()]
    hashes = [bytes(key.secret_sha256).hex() for key in ApiKey.objects.all()]
    shown = [word for word in ["The first memory", *world.memories.values(), *secrets, *hashes] if word in text]
    assert shown == []


def test_who_is_no_operator_is_sent_to_the_login(world: World) -> None:
    client = Client()
    client.force_login(get_user_model().objects.get(username="alice"))
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert client.post(page("tenant", "changelist"), {"action": "suspend"}).status_code == 302


def test_an_operator_without_the_permission_sees_and_changes_nothing(world: World) -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_user("clerk", is_staff=True))
    tenant = Tenant.objects.get(slug="acme")
    assert client.get(page("tenant", "changelist")).status_code == 403
    assert (
        client.post(page("tenant", "changelist"), {"action": "suspend", "_selected_action": [tenant.pk]}).status_code
        == 403
    )
    assert Tenant.objects.get(slug="acme").status == Tenant.Status.ACTIVE


def test_an_operator_who_may_only_look_changes_nothing(world: World) -> None:
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(DjangoPermission.objects.get(codename="view_tenant"))
    client = Client()
    client.force_login(clerk)
    chosen = {"action": "suspend", "_selected_action": [Tenant.objects.get(slug="acme").pk]}
    assert client.get(page("tenant", "changelist")).status_code == 200
    client.post(page("tenant", "changelist"), chosen)
    assert Tenant.objects.get(slug="acme").status == Tenant.Status.ACTIVE


def test_tenants_are_suspended_and_let_in_again(operator: Client, world: World) -> None:
    application = world.client("acme")
    chosen = {"_selected_action": [tenant.pk for tenant in Tenant.objects.all()]}
    asked = operator.post(page("tenant", "changelist"), {"action": "suspend", **chosen}).content.decode()
    assert "Suspend these tenants?" in asked
    assert application.get("/api/v1/auth/whoami/").status_code == 200
    shown = operator.post(page("tenant", "changelist"), {"action": "suspend", **YES, **chosen}, follow=True)
    assert "Suspended: acme, globex." in shown.content.decode()
    assert problem(application.get("/api/v1/auth/whoami/")) == (403, "tenant_suspended", None)
    assert (newest_event("globex").actor_name, newest_event("globex").action) == ("root", "suspend_tenant")
    operator.post(page("tenant", "changelist"), {"action": "resume", **chosen})
    assert application.get("/api/v1/auth/whoami/").status_code == 200


def test_keys_are_revoked_and_their_tokens_refused(operator: Client, world: World) -> None:
    application, key = world.client("acme_s1"), ApiKey.objects.get(name="acme_s1")
    revoke = {"action": "revoke", "_selected_action": [key.pk]}
    assert "Revoke these keys?" in operator.post(page("apikey", "changelist"), revoke).content.decode()
    assert application.get("/api/v1/spaces/acme_s1/").status_code == 200
    operator.post(page("apikey", "changelist"), revoke | YES)
    assert problem(application.get("/api/v1/spaces/acme_s1/")) == (403, "access_withdrawn", None)
    assert newest_event("acme").action == "read_space"
    assert ApiKey.objects.get(name="acme").revoked_at is None
    assert "revoked" in operator.get(page("apikey", "changelist")).content.decode()


def test_revoking_is_in_the_tenants_trail_once_however_often_it_is_done(operator: Client, world: World) -> None:
    key = ApiKey.objects.get(name="globex")
    revoke = {"action": "revoke", "_selected_action": [key.pk], **YES}
    operator.post(page("apikey", "changelist"), revoke)
    event = newest_event("globex")
    operator.post(page("apikey", "changelist"), revoke)
    assert (event.actor_kind, event.actor_name, event.action) == ("operator", "root", "revoke_key")
    assert newest_event("globex").at == event.at


def test_the_state_of_a_key_is_told(operator: Client, world: World) -> None:
    ApiKey.objects.filter(name="acme_s1").update(expires_at=timezone.now() - timedelta(days=1))
    listed = operator.get(page("apikey", "changelist")).content.decode()
    assert listed.count("expired</td>") == 1
    assert listed.count("active</td>") == 3


@pytest.mark.parametrize("model", [Tenant, Space])
def test_tenants_and_spaces_are_not_deleted_here(operator: Client, world: World, model: Any) -> None:
    name, instance = model._meta.model_name, model.objects.first()
    assert operator.post(page(name, "delete", instance.pk), {"post": "yes"}).status_code == 403
    operator.post(
        page(name, "changelist"), {"action": "delete_selected", "_selected_action": [instance.pk], "post": "yes"}
    )
    assert model.objects.filter(pk=instance.pk).exists()


def test_keys_are_not_made_here(operator: Client) -> None:
    assert operator.get(page("apikey", "add")).status_code == 403


def test_a_change_is_in_the_tenants_trail(operator: Client, world: World) -> None:
    space = Space.objects.get(name="acme_s1")
    saved(operator, page("space", "change", space.pk), title="Another title")
    event = newest_event("acme")
    assert Space.objects.get(name="acme_s1").title == "Another title"
    assert (event.actor_kind, event.actor_name, event.action) == ("operator", "root", "administer")
    assert (event.target, event.outcome) == ("change space acme_s1: Title", "allowed")


def test_a_tenant_made_here_is_in_its_own_trail(operator: Client) -> None:
    saved(operator, page("tenant", "add"), slug="initech", name="Initech")
    assert Tenant.objects.get(slug="initech").status == Tenant.Status.ACTIVE
    assert newest_event("initech").target == "add tenant initech"


def test_a_space_made_here_has_the_servers_embedding(operator: Client) -> None:
    tenant = Tenant.objects.get(slug="acme")
    saved(operator, page("space", "add"), name="acme_new", tenant=str(tenant.pk))
    made = Space.objects.get(name="acme_new")
    assert made.embedding_dimension == Space.objects.get(name="acme_s1").embedding_dimension
    assert newest_event("acme").target == "add space acme_new"


def test_a_parent_of_another_tenant_is_refused_on_the_page(operator: Client) -> None:
    url = page("space", "change", Space.objects.get(name="acme_s1").pk)
    foreign = Space.objects.get(name="globex_s1")
    response = operator.post(url, {**form_of(operator, url), "parent": str(foreign.pk)})
    assert "globex_s1 belongs to another tenant" in response.content.decode()
    assert Space.objects.get(name="acme_s1").parent is None


def test_a_circle_of_spaces_is_refused_on_the_page(operator: Client) -> None:
    top = Space.objects.get(name="acme_s1")
    Space.objects.filter(name="acme_s10").update(parent=top)
    url = page("space", "change", top.pk)
    response = operator.post(url, {**form_of(operator, url), "parent": str(Space.objects.get(name="acme_s10").pk)})
    assert "that would be a circle" in response.content.decode()


@pytest.mark.parametrize("field", ["name", "tenant", "embedding_model", "embedding_dimension"])
def test_what_tokens_and_vectors_hang_on_is_not_offered_for_change(operator: Client, field: str) -> None:
    assert field not in form_of(operator, page("space", "change", Space.objects.get(name="acme_s1").pk))


def test_a_tenants_slug_is_not_offered_for_change(operator: Client) -> None:
    assert "slug" not in form_of(operator, page("tenant", "change", Tenant.objects.get(slug="acme").pk))


def test_a_status_that_is_set_on_the_tenants_page_is_a_suspension(operator: Client, world: World) -> None:
    tenant = Tenant.objects.get(slug="acme")
    saved(operator, page("tenant", "change", tenant.pk), status="suspended")
    assert problem(world.client("globex").get("/api/v1/spaces/acme_shared/")) == (403, "tenant_suspended", None)
    assert "suspend_tenant" in trail("acme")
    saved(operator, page("tenant", "change", tenant.pk), status="active")
    assert "resume_tenant" in trail("acme")


def test_a_key_that_is_given_a_foreign_space_here_opens_it_no_more_than_before(operator: Client, world: World) -> None:
    key, foreign = ApiKey.objects.get(name="globex"), Space.objects.get(name="acme_s1")
    fields = {
        "spaces-TOTAL_FORMS": "3",
        "spaces-2-space": str(foreign.pk),
        "spaces-2-permissions": ["read"],
        "spaces-2-key": str(key.pk),
    }
    saved(operator, page("apikey", "change", key.pk), **fields)
    assert ApiKeySpace.objects.filter(key=key, space=foreign).exists()
    assert newest_event("globex").target.endswith(": added space of an API key acme_s1: read")
    assert problem(world.client("globex").get("/api/v1/spaces/acme_s1/")) == (403, "space_not_covered", None)


def test_a_deleted_key_is_in_the_tenants_trail(operator: Client, world: World) -> None:
    key = ApiKey.objects.get(name="acme_s1_read")
    operator.post(page("apikey", "delete", key.pk), {"post": "yes"})
    assert newest_event("acme").target == f"delete API key {key}"
    assert not ApiKey.objects.filter(pk=key.pk).exists()
