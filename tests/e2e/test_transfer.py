"""A space out and into another, in a browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from memory.models import Import
from memory.services.import_memories import import_memories
from memory.services.imports import start_import
from tenants.models import Space
from tenants.scope import SpaceScope, space_tx
from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import World, scope_of

SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">"


def send(page: Page, space: str, file: Path) -> None:
    page.goto(f"/spaces/{space}/transfer/")
    page.get_by_label("Lines of JSON").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status").filter(has_text="The file has come")).to_be_visible()


def work(space: str) -> None:
    """What a worker does for the space's newest import."""
    scope = SpaceScope.for_task(Space.objects.get(name=space).id)
    with space_tx(scope):
        newest = Import.objects.filter(space_id=scope.space_id).first()
    assert newest is not None
    import_memories(scope, newest.id, newest.turn, 60)


def test_what_is_exported_can_be_imported_and_its_progress_is_shown(
    world: World, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/spaces/acme_s1/transfer/")
    expect(page.get_by_role("region", name="Export")).to_contain_text(re.compile("1 memory: about 5.* without vectors"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Export everything").click()
    assert download.value.suggested_filename == "acme_s1.ndjson"
    download.value.save_as(tmp_path / "acme_s1.ndjson")
    send(page, "acme_s10", tmp_path / "acme_s1.ndjson")
    expect(page.locator("#imports")).to_contain_text("Queued")
    work("acme_s10")
    expect(page.locator("#imports")).to_contain_text("Done")
    page.goto("/memories/?space=acme_s10")
    expect(page.get_by_text("The first memory of acme_s1.")).to_be_visible()


def test_an_import_that_fails_says_why_there_and_on_the_overview(
    world: World, open_page: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "bad.ndjson").write_text(f'{{"{SCRIPT.replace(chr(34), "")}": 1}}\n')
    page = open_page()
    log_in(page, "alice")
    send(page, "acme_s1", tmp_path / "bad.ndjson")
    work("acme_s1")
    expect(page.locator("#imports")).to_contain_text("Failed")
    expect(page.locator(".problem")).to_contain_text(re.compile("^Line 1: (?!Line 1)"))
    expect(page).to_have_title("Import and export of acme_s1 · acme · Engram")
    page.goto("/")
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("1 import into acme_s1 failed")


def test_an_import_can_be_cancelled_and_only_one_runs_at_a_time(
    world: World, open_page: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "one.ndjson").write_text('{"content": "One."}\n')
    page = open_page()
    log_in(page, "alice")
    send(page, "acme_s1", tmp_path / "one.ndjson")
    page.get_by_label("Lines of JSON").set_input_files(tmp_path / "one.ndjson")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Another import into the space 'acme_s1' is not finished")).to_be_visible()
    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("button", name="Let it go on").click()
    expect(page.locator("#imports")).to_contain_text("Queued")
    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("dialog", name="Cancel this import?").get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_role("status").filter(has_text="The import is cancelled.")).to_be_visible()
    expect(page.locator("#imports")).to_contain_text("Cancelled")


def test_the_question_before_an_import_is_cancelled_stays_while_the_page_refreshes(
    world: World, open_page: OpenPage
) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/spaces/acme_s1/transfer/")
    # Begun elsewhere, after this page was opened.
    begun = start_import(scope_of("acme_s1"), [b'{"content": "One."}\n'])
    page.evaluate("htmx.ajax('GET', '/spaces/acme_s1/transfer/imports/', {target: '#imports', swap: 'outerHTML'})")
    page.get_by_role("button", name="Cancel …").click()
    dialog = page.get_by_role("dialog", name="Cancel this import?")
    with page.expect_response("**/transfer/imports/"):
        pass
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_role("status").filter(has_text="The import is cancelled.")).to_be_visible()
    with space_tx(scope_of("acme_s1")):
        assert Import.objects.get(id=begun.id).status == "cancelled"


def test_a_member_may_export_and_not_import(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob", at="/login/?next=/spaces/acme_s1/transfer/")
    expect(page.get_by_role("link", name="Export everything")).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage, scheme: str, tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text("nonsense\n")
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/spaces/acme_s1/transfer/")
    assert barriers(page) == []
    page.get_by_role("button", name="Import").click()
    send(page, "acme_s1", tmp_path / "bad.ndjson")
    work("acme_s1")
    expect(page.locator("#imports")).to_contain_text("Failed")
    assert barriers(page) == []
    page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    assert overflow(page) == 0
    assert barriers(page) == []
