"""What axe-core finds, by day and by night: nothing serious, but for the search boxes that Django's admin brings along."""

import pytest
from django.contrib.auth import get_user_model

from tenants.callers import operator
from tenants.models import Membership, Tenant
from tenants.services.spaces import NewSpace, create_space
from tests.e2e.visitors import OpenPage, barriers, join, log_in
from tests.world import PASSWORD, World

SCHEMES = ["light", "dark"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_login_and_its_refusal_have_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.goto("/login/")
    assert barriers(page) == []
    log_in(page, "alice", "not-her-password")
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_overview_and_its_menus_have_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    create_space(operator("tests"), NewSpace("acme_child", parent="acme_s10"), tenant_slug="acme")
    world.client("acme_s1").get("/api/v1/spaces/globex_s1/")
    join("alice", "globex")
    page = open_page(color_scheme=scheme)
    log_in(page, "alice")
    assert barriers(page) == []
    page.locator(".menu.tenant summary").click()
    assert barriers(page) == []
    page.locator(".menu.user summary").click()
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_empty_pages_have_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    get_user_model().objects.create_user("dana", password=PASSWORD)
    page = open_page(color_scheme=scheme)
    log_in(page, "dana")
    assert barriers(page) == []
    Membership.objects.filter(user__username="dana").delete()
    page.reload()
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_browsable_api_has_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at=f"/login/?next=/api/v1/spaces/acme_s1/memories/{world.memories['acme_s1']}/")
    page.get_by_text("DELETE …").click()
    page.get_by_text("Headers").click()
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_docs_have_no_barrier_around_swagger_ui(world: World, open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/api/v1/docs/")
    page.locator("#operations-spaces-recall .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").wait_for()
    # Swagger UI's own colours and labels are its makers'; what stands around it is ours.
    assert barriers(page, besides="#swagger-ui") == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "path",
    ["", "tenants/space/", "tenants/tenant/add/", "tenants/grant/add/", "tenants/breakglass/add/", "auth/user/add/"],
)
def test_the_operators_admin_has_no_barrier(world: World, open_page: OpenPage, path: str, scheme: str) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    page = open_page(color_scheme=scheme)
    log_in(page, "root", at=f"/login/?next=/admin/{path}")
    assert barriers(page, besides=".select2") == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_tenants_usage_has_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    page = open_page(color_scheme=scheme)
    log_in(page, "root", at=f"/login/?next=/admin/tenants/tenant/{Tenant.objects.get(slug='acme').pk}/usage/")
    page.get_by_role("heading", name="Usage of acme").wait_for()
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "path", ["/spaces/", "/spaces/acme_shared/", "/people/", "/people/members/bob/", "/keys/", "/signing-keys/"]
)
def test_managing_has_no_barrier(world: World, open_page: OpenPage, path: str, scheme: str) -> None:
    create_space(operator("tests"), NewSpace("acme_child", parent="acme_s10"), tenant_slug="acme")
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at=path)
    page.evaluate("document.querySelectorAll('main details').forEach(each => (each.open = true))")
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_question_and_a_new_key_have_no_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/spaces/acme_s1/")
    page.get_by_role("button", name="Erase …").click()
    assert barriers(page) == []
    page.goto("/keys/")
    page.get_by_text("New key", exact=True).click()
    page.get_by_label("Name", exact=True).fill("desk")
    page.get_by_label("Spaces", exact=True).fill("acme_s1")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_role("heading", name="Copy the key now").wait_for()
    assert barriers(page) == []
