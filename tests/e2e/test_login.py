"""Coming in and going out."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from tests.e2e.chromium import NoChromium, launch
from tests.e2e.visitors import OpenPage, choose_tenant, join, log_in
from tests.world import PASSWORD, World


def test_a_member_logs_in_and_sees_the_overview(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice")
    expect(page).to_have_title("Overview · acme · Engram")
    expect(page.get_by_role("heading", level=1)).to_have_text("acme")


def test_a_wrong_password_is_refused_in_words_that_are_announced(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", "not-her-password")
    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct username and password")
    expect(page).to_have_title("Error: Log in · Engram")
    expect(page.get_by_label("Username")).to_have_value("alice")
    expect(page.get_by_label("Password")).to_have_value("")


def test_logging_in_leads_to_the_page_that_was_asked_for(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/api/v1/spaces/")
    expect(page).to_have_title("Spaces · Engram API")


def test_after_logging_out_the_page_is_gone(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice")
    page.locator(".menu.user summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url("/login/")
    page.go_back()
    expect(page).to_have_title("Log in · Engram")


def test_a_person_in_several_tenants_switches_between_them(world: World, open_page: OpenPage) -> None:
    join("alice", "globex")
    page = open_page()
    log_in(page, "alice")
    choose_tenant(page, "globex")
    expect(page.get_by_role("heading", level=1)).to_have_text("globex")
    expect(page.get_by_role("article", name="globex_s1")).to_be_visible()
    expect(page.get_by_role("article", name="acme_s10")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("globex")


def test_the_tenant_that_was_chosen_is_the_browsable_apis_too(world: World, open_page: OpenPage) -> None:
    join("alice", "globex")
    page = open_page()
    log_in(page, "alice")
    choose_tenant(page, "globex")
    page.locator(".menu.user summary").click()
    page.get_by_role("link", name="Browse the API").click()
    expect(page.get_by_label("Answer", exact=True)).to_contain_text("globex_s1")
    expect(page.get_by_label("Answer", exact=True)).not_to_contain_text("acme_s10")


def test_a_member_of_no_tenant_is_told_what_to_do(world: World, open_page: OpenPage) -> None:
    get_user_model().objects.create_user("dana", password=PASSWORD)
    page = open_page()
    log_in(page, "dana")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not in a tenant yet")
    expect(page.get_by_role("main")).to_contain_text("add dana")


def test_an_operator_of_no_tenant_is_led_to_the_admin(world: World, open_page: OpenPage) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    page = open_page()
    log_in(page, "root")
    page.get_by_role("link", name="Open the operators' admin").click()
    expect(page).to_have_title("Tenants, spaces and keys | Engram operators")


def test_everything_but_refreshing_works_without_javascript(world: World, open_page: OpenPage) -> None:
    join("alice", "globex")
    page = open_page(java_script_enabled=False)
    log_in(page, "alice")
    expect(page.get_by_role("article", name="acme_s10")).to_contain_text("1 of 100k")
    expect(page.locator("td.when").first).to_contain_text("UTC")
    choose_tenant(page, "globex")
    expect(page.get_by_role("heading", level=1)).to_have_text("globex")
    page.locator(".menu.user summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url("/login/")


def test_without_chromium_the_tests_fail_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoChromium, match="There is no Chromium on PATH"):
        launch(None)  # type: ignore[arg-type]  # it is not asked
