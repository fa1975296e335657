"""The usage page of a space."""

import re

import pytest
from playwright.sync_api import expect

from audit.tasks import roll_up_usage
from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import World, remember_in


def test_a_member_sees_what_a_space_uses_and_may_use(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "bob")
    page.get_by_role("link", name="Usage of acme_s1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage of acme_s1")
    expect(page.get_by_role("row", name="Hot")).to_contain_text("100,000")
    expect(page.locator("#chart-operations-minute canvas")).to_be_visible()
    page.get_by_role("link", name="Last 90 days").click()
    expect(page.locator("#chart-operations-day canvas")).to_be_visible()
    remember_in("acme_s1", "Something new.")
    page.clock.fast_forward(10_000)
    expect(page.get_by_label("Hot memories")).to_have_attribute("value", "2")


def test_a_space_out_of_reach_is_refused(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie")
    assert page.request.get("/spaces/acme_s1/usage/").status == 403


def test_it_leads_back_to_the_space(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob", at="/login/?next=/spaces/acme_s1/usage/")
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="acme_s1").click()
    expect(page).to_have_url(re.compile(r"/spaces/acme_s1/$"))


def test_on_a_phone_the_buttons_leave_the_heading_its_width(world: World, open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    log_in(page, "bob", at="/login/?next=/spaces/acme_s1/usage/")
    assert page.get_by_role("heading", level=1).evaluate("heading => heading.clientWidth") > 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage, scheme: str) -> None:
    roll_up_usage()
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/spaces/acme_s1/usage/")
    assert barriers(page) == []
    page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    assert overflow(page) == 0
    assert barriers(page) == []
