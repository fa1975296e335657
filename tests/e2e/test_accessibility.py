"""What axe-core finds, by day and by night: nothing serious, but for widgets that Django's admin brings along."""

from collections.abc import Sequence

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, ViewportSize

from memory.services.imports import start_import
from tenants.callers import operator
from tenants.models import ApiKey, Grant, Membership, Space, Tenant
from tenants.services.spaces import NewSpace, create_space
from tests.e2e.visitors import OpenPage, barriers, join, log_in, overflow
from tests.isolation.matrix import Subject
from tests.isolation.pages import PAGES
from tests.isolation.stage import make_property
from tests.world import PASSWORD, World, logged_in, scope_of

SCHEMES = ["light", "dark"]
DESK: ViewportSize = {"width": 1280, "height": 800}
HAND: ViewportSize = {"width": 360, "height": 740}
# What a page shows and refreshes is looked at with it, and the graph is data.
PARTS = {
    "overview/", "explore/found/", "explore/graph/", "spaces/<str:space>/usage/part/",
    "spaces/<str:space>/transfer/imports/", "erasures/part/",
}  # fmt: skip
# Every page that sends a stranger to the login: one that is new is in the isolation matrix, and so here.
DASHBOARD = [
    page.route
    for page in PAGES
    if page.method == "GET" and page.location.startswith("/login/") and page.route not in PARTS
]
# Widgets that Django brings along: its search boxes, and the two lists that permissions are moved between.
DJANGOS = ".select2, .selector"
FOR_ADMINS = ("keys/", "signing-keys/", "audit/")


def furnish(world: World) -> Subject:
    """Fill acme's pages: a space below another, shared, asked in vain, importing; one being erased; a team, keys, a member."""
    create_space(operator("tests"), NewSpace("acme_child", parent="acme_s10"), tenant_slug="acme")
    create_space(operator("tests"), NewSpace("acme_doomed"), tenant_slug="acme")
    world.client("acme_s1").get("/api/v1/spaces/globex_s1/")
    logged_in("alice").delete("/api/v1/spaces/acme_doomed/")
    started = start_import(scope_of("acme_shared"), [b"{}"], more=True)
    return Subject(
        space="acme_shared",
        memory=world.memories["acme_shared"],
        target="",
        api_key="",
        refresh="",
        import_id=str(started.id),
        **make_property("acme_shared"),
    )


def records() -> list[str]:
    """An address in the admin for each kind of record, and what is below it."""
    tenant, space = Tenant.objects.earliest("pk"), Space.objects.earliest("pk")
    paths = [
        f"tenant/{tenant.pk}/change",
        f"tenant/{tenant.pk}/usage",
        f"space/{space.pk}/change",
        f"space/{space.pk}/history",
        f"apikey/{ApiKey.objects.earliest('pk').pk}/change",
        f"grant/{Grant.objects.earliest('pk').pk}/change",
    ]
    return [f"/admin/tenants/{path}/" for path in paths]


def wrong_with_any(page: Page, paths: Sequence[str], *, besides: str = "") -> dict[str, list[str]]:
    """The pages that something is wrong with, and what."""
    return {path: wrong for path in paths if (wrong := wrong_with(page, path, besides=besides))}


def wrong_with(page: Page, path: str, *, besides: str = "") -> list[str]:
    """What is in somebody's way on a page with all that it folds away unfolded, at a desk and on a phone."""
    page.set_viewport_size(DESK)
    answer = page.goto(path)
    page.evaluate("document.querySelectorAll('main details').forEach(each => (each.open = true))")
    at_desk = barriers(page, besides=besides)
    page.set_viewport_size(HAND)
    on_phone = barriers(page, besides=besides)
    wide = overflow(page)
    return [
        *([f"answered {answer.status}"] if answer and answer.status != 200 else []),
        *([f"{wide} pixels too wide"] if wide else []),
        *sorted({*at_desk, *on_phone}),
    ]


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
def test_no_page_of_the_dashboard_has_a_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    subject = furnish(world)
    page = open_page(color_scheme=scheme)
    log_in(page, "alice")
    assert wrong_with_any(page, [subject.url(f"/{route}") for route in DASHBOARD]) == {}


def test_no_page_of_the_dashboard_has_a_barrier_for_a_member(world: World, open_page: OpenPage) -> None:
    subject = furnish(world)
    page = open_page()
    log_in(page, "bob")
    open_to = [subject.url(f"/{route}") for route in DASHBOARD if not route.startswith(FOR_ADMINS)]
    assert wrong_with_any(page, open_to) == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_of_the_operators_admin_has_a_barrier(world: World, open_page: OpenPage, scheme: str) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    page = open_page(color_scheme=scheme)
    log_in(page, "root", at="/login/?next=/admin/")
    listed = page.locator("#content-main a").evaluate_all("links => links.map(link => link.pathname)")
    assert wrong_with_any(page, ["/admin/", *dict.fromkeys(listed), *records()], besides=DJANGOS) == {}


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
