"""The audit page: its filters, its details, its export and its seals."""

import json
import re

from playwright.sync_api import Page, expect

from audit.services.seal_status import seal_status
from audit.services.seals import seal_events
from tenants.callers import operator
from tenants.models import Tenant
from tenants.operations import Action, Outcome, record
from tenants.scope import tenant_tx
from tests.audit.sealed import settle
from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import World

SCRIPT = "<script>document.title = 'stolen'</script>"


def note(
    target: str = "", outcome: Outcome = "allowed", reason: str = "", actor: str = "tests", times: int = 1
) -> None:
    """Leave rows in acme's audit trail."""
    caller = operator(actor).acting_for(Tenant.objects.get(slug="acme").id)
    with tenant_tx(caller.tenant_id):
        for _ in range(times):
            record(caller, Action.ADMINISTER, target=target, outcome=outcome, reason=reason)


def narrow(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        field = page.get_by_role("search", name="Narrow the list").get_by_label(label, exact=True)
        if label in {"Operation", "Outcome"}:
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Show", exact=True).click()


def test_operations_are_narrowed_by_what_they_were(world: World, open_page: OpenPage) -> None:
    note("the first", "denied", "403 permission_denied", actor="root")
    world.client("acme_s1").get("/api/v1/spaces/globex_s1/")
    page = open_page()
    log_in(page, "alice", at="/audit/")
    narrow(page, Outcome="denied")
    expect(page.locator(".operations tbody tr")).to_have_count(2)
    narrow(page, Who="root")
    expect(page.locator(".operations tbody tr")).to_have_count(1)
    expect(page.locator(".operations tbody tr")).to_contain_text("Administer")
    narrow(page, Space="no_such_space")
    expect(page.get_by_role("heading", name="Nothing like that")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_label("Outcome")).to_have_value("")


def test_an_operation_tells_its_details(world: World, open_page: OpenPage) -> None:
    note(SCRIPT, actor=SCRIPT)
    page = open_page()
    log_in(page, "alice", at="/audit/?action=administer")
    page.get_by_role("group").filter(has_text="Administer").locator("summary").click()
    details = page.locator(".operations .details").first
    expect(details).to_contain_text(SCRIPT)
    expect(details).to_contain_text("shell")
    expect(page).to_have_title("Audit · acme · Engram")


def test_older_operations_are_on_the_pages_after(world: World, open_page: OpenPage) -> None:
    note("the oldest", times=1)
    note("one of many", times=60)
    page = open_page()
    log_in(page, "alice", at="/audit/?action=administer")
    expect(page.locator(".operations tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".operations tbody tr")).to_have_count(11)
    expect(page.locator(".operations")).to_contain_text("Administer")
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".operations tbody tr")).to_have_count(50)


def test_times_are_typed_and_shown_in_the_readers_zone(world: World, open_page: OpenPage) -> None:
    page = open_page(timezone_id="Pacific/Auckland")
    log_in(page, "alice", at="/audit/")
    page.get_by_label("After").fill("2026-01-02T03:04")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"after=2026-01-01T14%3A04"))
    expect(page.get_by_label("After")).to_have_value("2026-01-02T03:04")


def test_what_is_no_filter_is_said_beside_its_field(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/audit/?outcome=perfect")
    field = page.locator(".field", has=page.get_by_label("Outcome"))
    expect(field).to_contain_text("perfect is not one of the available choices")


def test_the_trail_is_exported_as_it_is_narrowed(world: World, open_page: OpenPage) -> None:
    note("for the file", actor="root")
    page = open_page()
    log_in(page, "alice", at="/audit/?actor=root")
    with page.expect_download() as csv:
        page.get_by_role("link", name="Export CSV").click()
    head, row = csv.value.path().read_text().splitlines()
    assert head.startswith("at,id,actor_kind")
    assert "for the file" in row
    with page.expect_download() as ndjson:
        page.get_by_role("link", name="Export NDJSON").click()
    (line,) = ndjson.value.path().read_text().splitlines()
    assert json.loads(line)["target"] == "for the file"


def test_the_page_says_how_far_the_trail_is_sealed(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/audit/")
    expect(page.get_by_role("main")).to_contain_text("Nothing is sealed yet")
    tenant = Tenant.objects.get(slug="acme").id
    settle()
    assert seal_events(tenant) > 0
    page.reload()
    page.get_by_text("sealed, up to").click()
    newest = seal_status(tenant)
    assert newest is not None
    expect(page.get_by_text(newest.digest)).to_be_visible()


def test_the_page_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage) -> None:
    note("x" * 190, "denied", "403 permission_denied", actor="y" * 190)
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        log_in(page, "alice", at="/audit/")
        page.locator(".operations summary").first.click()
        assert barriers(page) == []
    phone = open_page(**PHONE)
    log_in(phone, "alice", at="/audit/")
    assert overflow(phone) == 0


def test_the_trail_is_no_members(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob", at="/people/")
    expect(page.get_by_role("navigation", name="Main")).not_to_contain_text("Audit")
    assert page.request.get("/audit/").status == 403
