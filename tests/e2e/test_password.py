"""Changing one's own password, in a browser."""

from playwright.sync_api import Page, expect

from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import PASSWORD, World

NEW = "another-password-for-tests"


def change(page: Page, old: str, new: str, again: str) -> None:
    page.get_by_label("Old password", exact=True).fill(old)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password confirmation", exact=True).fill(again)
    page.get_by_role("button", name="Change the password").click()


def test_a_password_is_changed_and_the_old_one_opens_nothing(world: World, open_page: OpenPage) -> None:
    elsewhere = open_page()
    log_in(elsewhere, "alice")
    page = open_page()
    log_in(page, "alice")
    page.locator(".menu.user summary").click()
    page.get_by_role("link", name="Change password").click()
    change(page, PASSWORD, NEW, NEW)
    expect(page.get_by_role("status").filter(has_text="Your password is changed.")).to_be_visible()
    expect(page).to_have_title("Overview · acme · Engram")
    elsewhere.goto("/spaces/")
    expect(elsewhere).to_have_title("Log in · Engram")
    log_in(elsewhere, "alice", PASSWORD)
    expect(elsewhere.get_by_role("alert")).to_contain_text("Please enter a correct username and password")
    log_in(elsewhere, "alice", NEW)
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("acme")


def test_what_is_wrong_is_said_beside_its_field_and_changes_nothing(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/password/")
    change(page, "not-her-password", NEW, "something-else-altogether")
    expect(page).to_have_title("Error: Change password · Engram")
    old, again = (
        page.locator(".field", has=page.get_by_label(label, exact=True))
        for label in ("Old password", "New password confirmation")
    )
    expect(old).to_contain_text("Your old password was entered incorrectly")
    expect(again).to_contain_text("didn’t match")
    expect(page.get_by_label("Old password", exact=True)).to_have_value("")
    change(page, PASSWORD, "short", "short")
    expect(again).to_contain_text("This password is too short")
    other = open_page()
    log_in(other, "alice", PASSWORD)
    expect(other.get_by_role("heading", level=1)).to_have_text("acme")


def test_it_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    log_in(page, "alice", at="/password/")
    assert (barriers(page), overflow(page)) == ([], 0)
    change(page, "wrong", "short", "shorter")
    expect(page.locator(".errorlist").first).to_be_visible()
    assert (barriers(page), overflow(page)) == ([], 0)
