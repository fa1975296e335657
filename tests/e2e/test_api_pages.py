"""The browsable API and the API docs, for a logged-in member, under our content security policy."""

import json

from playwright.sync_api import expect

from tests.e2e.visitors import OpenPage, log_in
from tests.world import World


def test_an_answer_is_shown_with_its_status(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/api/v1/spaces/acme_s1/memories/")
    expect(page).to_have_title("Memories · Engram API")
    expect(page.locator(".status")).to_have_text("200 OK")
    expect(page.get_by_label("Answer", exact=True)).to_contain_text("The first memory of acme_s1.")


def test_what_stands_in_a_form_works_as_it_is(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/api/v1/spaces/acme_s1/memories/")
    page.get_by_role("button", name="Send POST").click()
    expect(page.locator(".status")).to_have_text("201 Created")
    expect(page.get_by_label("Answer", exact=True)).to_contain_text('"created": true')


def test_a_memory_is_changed_and_forgotten(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at=f"/login/?next=/api/v1/spaces/acme_s1/memories/{world.memories['acme_s1']}/")
    page.get_by_label("JSON body").fill(json.dumps({"content": "Changed on a page."}))
    page.get_by_role("button", name="Send PATCH").click()
    expect(page.get_by_label("Answer", exact=True)).to_contain_text("Changed on a page.")
    page.get_by_text("DELETE …").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".status")).to_have_text("204 No Content")


def test_the_docs_list_the_operations_and_run_them(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/api/v1/docs/")
    expect(page).to_have_title("API docs · Engram")
    operation = page.locator("#operations-spaces-create_space")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response .response-col_status")).to_have_text("201")


def test_the_docs_are_there_before_logging_in(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/api/v1/docs/")
    expect(page.locator("#operations-spaces-recall")).to_be_visible()
    page.get_by_role("link", name="Log in").click()
    expect(page).to_have_title("Log in · Engram")
