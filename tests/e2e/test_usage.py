"""The usage page of a space."""

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage, scheme: str) -> None:
    roll_up_usage()
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/spaces/acme_s1/usage/")
    assert barriers(page) == []
    page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    assert overflow(page) == 0
    assert barriers(page) == []
