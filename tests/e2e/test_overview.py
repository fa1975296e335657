"""What the overview shows, to whom, and how it keeps up."""

import re
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from audit.tasks import roll_up_usage
from tenants.callers import Caller, operator
from tenants.models import ApiKey, Membership, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant, suspend_tenant
from tests.audit.sealed import as_superuser
from tests.e2e.visitors import PHONE, OpenPage, barriers, join, log_in, overflow
from tests.world import World, remember_in

# How many of a canvas' pixels are neither white nor grey.
COLOURED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = Array.from({ length: data.length / 4 }, (_, at) => data.slice(4 * at, 4 * at + 3));
  return pixels.filter((pixel) => Math.max(...pixel) - Math.min(...pixel) > 60).length;
}"""
PART = re.compile("/overview/")
SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">"


def note(target: str = "", outcome: str = "allowed", reason: str = "", actor: str = "tests") -> None:
    """Leave a row in acme's audit trail."""
    caller: Caller = operator(actor).acting_for(Tenant.objects.get(slug="acme").id)
    with tenant_tx(caller.tenant_id):
        record(caller, Action.ADMINISTER, target=target, outcome=outcome, reason=reason)  # type: ignore[arg-type]


def figure(page: Page, name: str) -> str:
    return page.locator(".figures > div", has=page.get_by_text(name, exact=True)).locator("dd").inner_text()


def test_every_space_of_the_tenant_is_a_card_with_its_counts(world: World, open_page: OpenPage) -> None:
    remember_in("acme_s1", "A second memory.")
    page = open_page()
    log_in(page, "alice")
    space = page.get_by_role("article", name="acme_s1", exact=True)
    expect(space).to_contain_text("2 of 100k")
    expect(space.get_by_label("Hot memories of acme_s1")).to_have_attribute("value", "2")
    expect(space).to_contain_text("Own")
    expect(page.get_by_role("article")).to_have_count(3)
    assert figure(page, "Memories").startswith("4")
    assert figure(page, "Spaces").startswith("3")


def test_a_space_shared_with_the_tenant_names_its_owner(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie")
    expect(page.get_by_role("article", name="acme_shared")).to_contain_text("Shared by acme · read only")
    assert "and 1 shared with you" in figure(page, "Memories")


def test_an_outsider_sees_nothing_of_a_tenant_that_is_not_theirs(world: World, open_page: OpenPage) -> None:
    note(target="a secret of acme")
    page = open_page()
    log_in(page, "charlie")
    expect(page.get_by_role("article", name="globex_s1")).to_be_visible()
    shown = page.content()
    assert "acme_s1" not in shown
    assert "a secret of acme" not in shown


def test_children_stand_below_their_parent(world: World, open_page: OpenPage) -> None:
    create_space(operator("tests"), NewSpace("acme_child", "The child", parent="acme_s10"), tenant_slug="acme")
    create_space(operator("tests"), NewSpace("acme_baby", "The grandchild", parent="acme_child"), tenant_slug="acme")
    page = open_page()
    log_in(page, "alice")
    below = page.get_by_role("list", name="Below acme_s10")
    expect(below.get_by_role("article")).to_have_count(2)
    expect(below.get_by_role("article", name="The grandchild")).to_contain_text("acme_baby below acme_child")


def test_an_archived_space_says_so_and_is_not_counted(world: World, open_page: OpenPage) -> None:
    Space.objects.filter(name="acme_s1").update(status="archived")
    page = open_page()
    log_in(page, "alice")
    space = page.get_by_role("article", name="acme_s1", exact=True)
    expect(space).to_contain_text("Archived")
    expect(space).to_contain_text("Its memories cannot be reached.")


def test_the_last_operations_say_how_they_went_in_words(world: World, open_page: OpenPage) -> None:
    note(target="the door", outcome="denied", reason="403 space_not_covered")
    page = open_page()
    log_in(page, "alice")
    row = page.get_by_role("row", name="the door")
    expect(row).to_contain_text("Administer the door")
    expect(row).to_contain_text("Denied 403 space_not_covered")
    assert figure(page, "Refused").startswith("1")


def test_the_trail_is_shown_to_admins_alone(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob")
    expect(page.get_by_role("heading", name="Spaces")).to_be_visible()
    expect(page.get_by_role("heading", name="Last operations")).to_have_count(0)
    expect(page.get_by_text("in the last hour")).to_have_count(0)


def test_an_empty_tenant_is_told_how_to_begin(world: World, open_page: OpenPage) -> None:
    create_tenant(operator("tests"), "umbrella", admin="alice")
    Membership.objects.exclude(tenant__slug="umbrella").filter(user__username="alice").delete()
    page = open_page()
    log_in(page, "alice")
    expect(page.get_by_role("heading", name="No spaces yet")).to_be_visible()
    page.get_by_role("link", name="Create the first space").click()
    expect(page).to_have_title("Spaces · umbrella · Engram")


def test_a_suspended_tenant_is_told_so_and_another_can_be_chosen(world: World, open_page: OpenPage) -> None:
    join("alice", "globex")
    page = open_page()
    log_in(page, "alice", at="/login/?next=/api/v1/docs/")
    suspend_tenant(operator("tests"), "acme")
    answer = page.request.get("/")
    assert answer.status == 403
    assert "The tenant is suspended." in answer.text()
    assert "globex" in answer.text()


def test_stored_markup_is_text(world: World, open_page: OpenPage) -> None:
    Space.objects.filter(name="acme_s1").update(title=SCRIPT, description=SCRIPT)
    Tenant.objects.filter(slug="acme").update(name=f"acme {SCRIPT}")
    note(target=SCRIPT, reason=SCRIPT[:100], outcome="denied", actor=SCRIPT)
    page = open_page()
    log_in(page, "alice")
    expect(page.get_by_role("article", name=SCRIPT)).to_be_visible()
    expect(page.locator(".operations").get_by_role("row", name=SCRIPT)).to_be_visible()
    page.goto("/api/v1/spaces/acme_s1/")
    expect(page.get_by_label("Answer", exact=True)).to_contain_text("onerror")
    expect(page).to_have_title("Space · Engram API")


def test_long_names_fit_a_phone(world: World, open_page: OpenPage) -> None:
    Tenant.objects.filter(slug="acme").update(name="A" * 200)
    Space.objects.filter(name="acme_s1").update(name="s" * 64, title="T" * 200)
    create_space(operator("tests"), NewSpace("c" * 64, "W" * 200, parent="s" * 64), tenant_slug="acme")
    note(target="t" * 200, reason="r" * 100, outcome="failed", actor="n" * 150)
    join("alice", "globex")
    Tenant.objects.filter(slug="globex").update(name="G" * 200)
    page = open_page(**PHONE)
    log_in(page, "alice")
    assert overflow(page) == 0
    page.locator(".menu.tenant summary").click()
    assert overflow(page) == 0
    page.set_viewport_size({"width": 900, "height": 700})
    assert overflow(page) == 0


def test_times_are_the_readers(world: World, open_page: OpenPage) -> None:
    page = open_page(timezone_id="Asia/Tokyo")
    log_in(page, "alice")
    time = page.locator("td.when time").first
    there = datetime.fromisoformat(str(time.get_attribute("datetime"))).astimezone(ZoneInfo("Asia/Tokyo"))
    expect(time).to_have_text(f"{there:%H:%M:%S}")
    expect(page.locator(".space time").first).to_have_text(re.compile("now|ago"))


def test_it_keeps_up_by_itself_and_leaves_alone_what_has_not_changed(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "alice")
    space = page.get_by_role("article", name="acme_s1", exact=True)
    remember_in("acme_s1", "Something new.")
    page.clock.fast_forward(10_000)
    expect(space).to_contain_text("2 of 100k")
    space.evaluate("element => element.dataset.untouched = ''")
    for _ in range(2):
        with page.expect_response(PART):
            page.clock.fast_forward(10_000)
    expect(space).to_have_attribute("data-untouched", "")
    remember_in("acme_s1", "Something newer.")
    page.clock.fast_forward(10_000)
    expect(space).to_contain_text("3 of 100k")


def test_only_opening_it_leaves_a_row_not_refreshing_it(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "alice")
    for _ in range(3):
        with page.expect_response(PART):
            page.clock.fast_forward(10_000)
    expect(page.get_by_role("row", name="View overview")).to_have_count(1)


def test_a_session_that_ends_while_it_is_open_leads_back_to_the_login(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "alice")
    Session.objects.all().delete()
    page.clock.fast_forward(10_000)
    expect(page).to_have_title("Log in · Engram")


def test_an_update_that_does_not_arrive_is_said(world: World, browser: Browser, site: str) -> None:
    with closing(browser.new_page(base_url=site)) as page:
        page.clock.install()
        log_in(page, "alice")
        page.route(PART, lambda route: route.abort())
        page.clock.fast_forward(10_000)
        expect(page.get_by_role("status")).to_have_text("The last update did not arrive. Trying again.")
        page.unroute(PART)
        page.clock.fast_forward(10_000)
        expect(page.get_by_text("The last update did not arrive.")).to_be_hidden()


def test_it_can_be_used_by_keyboard_alone(world: World, open_page: OpenPage) -> None:
    join("alice", "globex")
    page = open_page()
    log_in(page, "alice")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("link", name="Engram", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="acme")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="acme")).to_be_hidden()
    expect(page.locator(".menu.tenant summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("globex")


def test_the_first_calls_can_be_copied(world: World, open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    log_in(page, "alice")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl http://127.0.0.1:")
    assert "/api/v1/spaces/acme_s1/recall/" in copied


def test_charts_are_drawn_and_follow_the_span_that_is_chosen(world: World, open_page: OpenPage) -> None:
    roll_up_usage()
    page = open_page()
    log_in(page, "alice")
    expect(page.locator("#chart-operations-minute canvas")).to_be_visible()
    page.get_by_role("link", name="Last 3 days").click()
    expect(page.locator("#chart-latency-hour canvas")).to_be_visible()
    expect(page.get_by_role("link", name="Last 3 days")).to_have_attribute("aria-current", "true")


def test_charts_say_which_time_they_show_in_the_readers_zone(world: World, open_page: OpenPage) -> None:
    page = open_page(timezone_id="Asia/Tokyo")
    log_in(page, "alice")
    caption = page.get_by_text("the last two minutes may be incomplete")
    since, until = (
        datetime.fromisoformat(str(time.get_attribute("datetime"))).astimezone(ZoneInfo("Asia/Tokyo"))
        for time in caption.locator("time").all()
    )
    assert timedelta(hours=2, minutes=58) < until - since <= timedelta(hours=3)
    expect(caption).to_have_text(re.compile(f"From .*{since:%H:%M} up to {until:%H:%M};"))


def test_a_minute_that_stands_alone_is_drawn(world: World, open_page: OpenPage) -> None:
    with as_superuser() as admin:
        admin.execute("update audit_auditevent set at = date_trunc('minute', now()) - interval '10 minutes'")
    roll_up_usage()
    page = open_page()
    log_in(page, "alice")
    assert page.locator("#chart-latency-minute canvas").evaluate(COLOURED) > 0


def test_charts_outlive_a_refresh(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "alice")
    canvas = page.locator("#chart-operations-minute canvas")
    canvas.evaluate("element => element.dataset.kept = ''")
    remember_in("acme_s1", "Something new.")
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("article", name="acme_s1", exact=True)).to_contain_text("2 of 100k")
    expect(canvas).to_have_attribute("data-kept", "")


def test_what_needs_attention_and_what_was_refused_is_said(world: World, open_page: OpenPage) -> None:
    ApiKey.objects.filter(name="acme_s1").update(expires_at=timezone.now() + timedelta(days=3))
    note(target="the door", outcome="denied", reason="403 space_not_covered")
    page = open_page()
    log_in(page, "alice")
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("The API key acme_s1")
    expect(page.get_by_role("region", name="Refused in the last day").first).to_contain_text("403 space_not_covered")
    assert barriers(page) == []


def test_on_a_phone_the_sections_are_behind_a_button(world: World, open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    log_in(page, "alice")
    section = page.get_by_role("navigation", name="Main").get_by_role("link", name="Overview")
    expect(section).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(section).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    expect(section).to_be_hidden()
