"""Managing members and teams in the dashboard."""

from playwright.sync_api import expect

from tenants.models import Membership, Space, Team
from tests.e2e.visitors import PHONE, OpenPage, log_in, overflow
from tests.tenants.asking import newest_event
from tests.world import World, make_member

LONG = "x" * 140


def test_an_admin_adds_a_member_who_then_logs_in(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/people/")
    page.get_by_text("Add a member", exact=True).click()
    page.get_by_label("Username", exact=True).fill("dora")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Add them").click()
    expect(page.locator(".field", has=page.get_by_label("Password", exact=True))).to_contain_text(
        "This password is too short"
    )
    page.get_by_label("Password", exact=True).fill("quite-a-long-password")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("status")).to_contain_text("dora is a member now, with a new account.")
    other = open_page()
    log_in(other, "dora", "quite-a-long-password", at="/people/")
    expect(other.get_by_role("table").first).to_contain_text("dora")


def test_a_role_is_changed_and_the_last_admin_stays_one(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/people/members/alice/")
    page.get_by_role("combobox", name="Role").select_option("member")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "'alice' is the tenant's last admin; make somebody else one first."
    )
    page.goto("/people/members/bob/")
    page.get_by_role("combobox", name="Role").select_option("admin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert Membership.objects.get(user__username="bob").role == "admin"


def test_a_member_is_removed_after_a_question(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/people/members/bob/")
    page.get_by_role("button", name="Remove …").click()
    page.get_by_role("dialog", name="Remove bob?").get_by_role("button", name="Remove them").click()
    expect(page.get_by_role("status")).to_have_text("bob is a member no longer.")
    assert newest_event("acme").action in {"remove_member", "list_members", "list_teams"}
    assert not Membership.objects.filter(user__username="bob").exists()


def test_the_last_admin_is_not_removed_and_told_why(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/people/members/alice/")
    page.get_by_role("button", name="Remove …").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove them").click()
    expect(page.get_by_role("status")).to_contain_text("is the tenant's last admin")


def test_a_team_is_made_joined_left_and_dissolved(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/people/")
    page.get_by_text("New team", exact=True).click()
    page.get_by_label("Slug", exact=True).fill("desk")
    page.get_by_label("Name", exact=True).fill("The desk")
    page.get_by_role("button", name="Make the team").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The desk")
    page.get_by_label("Add a member", exact=True).fill("charlie")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".errorlist")).to_contain_text("There is no member 'charlie'.")
    page.get_by_label("Add a member", exact=True).fill("bob")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("bob is in the team now.")
    page.get_by_role("button", name="Take out bob").click()
    page.get_by_role("dialog", name="Take them out?").get_by_role("button", name="Take them out").click()
    expect(page.get_by_role("heading", name="Nobody yet")).to_be_visible()
    page.get_by_text("Dissolve this team …").click()
    page.get_by_role("button", name="Yes, dissolve it").click()
    expect(page.get_by_role("status")).to_have_text("desk is dissolved.")
    assert not Team.objects.exists()


def test_the_spaces_of_a_dissolved_team_go_where_is_said(world: World, open_page: OpenPage) -> None:
    acme = Space.objects.get(name="acme_s1").tenant
    desk, heirs = (Team.objects.create(tenant=acme, slug=slug, name=slug) for slug in ("desk", "heirs"))
    Space.objects.filter(name="acme_s1").update(team=desk)
    page = open_page()
    log_in(page, "alice", at="/people/teams/desk/")
    page.get_by_text("Dissolve this team …").click()
    page.get_by_label("Its spaces go to", exact=True).fill("nobody")
    page.get_by_role("button", name="Yes, dissolve it").click()
    expect(page.locator(".errorlist")).to_contain_text("'move_spaces_to' is 'nobody'")
    page.get_by_label("Its spaces go to", exact=True).fill("heirs")
    page.get_by_role("button", name="Yes, dissolve it").click()
    expect(page.get_by_role("status")).to_have_text("desk is dissolved.")
    assert Space.objects.get(name="acme_s1").team == heirs


def test_a_teams_page_shows_the_spaces_that_it_owns_to_those_who_may_touch_them(
    world: World, open_page: OpenPage
) -> None:
    acme = Space.objects.get(name="acme_s1").tenant
    desk = Team.objects.create(tenant=acme, slug="desk", name="The desk")
    Space.objects.filter(name="acme_s1").update(team=desk, title="What the desk knows")
    Space.objects.filter(name="acme_s10").update(team=desk, status="archived")
    page = open_page()
    log_in(page, "alice", at="/people/teams/desk/")
    spaces = page.get_by_role("region", name="Its spaces")
    expect(spaces.get_by_role("listitem")).to_have_text(["What the desk knows acme_s1", "acme_s10 Archived"])
    spaces.get_by_role("link", name="What the desk knows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the desk knows")
    stranger = open_page()
    log_in(stranger, "bob", at="/people/teams/desk/")
    expect(stranger.get_by_role("region", name="Its spaces")).to_contain_text("None within your reach")
    expect(stranger.get_by_role("main")).not_to_contain_text("acme_s1")


def test_a_member_sees_who_there_is_and_changes_nothing(world: World, open_page: OpenPage) -> None:
    acme = Space.objects.get(name="acme_s1").tenant
    Team.objects.create(tenant=acme, slug="desk", name="The desk")
    page = open_page()
    log_in(page, "bob", at="/people/")
    expect(page.get_by_role("table").first).to_contain_text("alice")
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="The desk").click()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    page.goto("/people/members/alice/")
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_an_outsider_finds_nobody(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie", at="/people/")
    expect(page.get_by_role("table").first).to_contain_text("charlie")
    expect(page.get_by_role("main")).not_to_contain_text("alice")


def test_long_and_hostile_names_are_only_text_and_fit_a_phone(world: World, open_page: OpenPage) -> None:
    acme = Space.objects.get(name="acme_s1").tenant
    evil = Team.objects.create(tenant=acme, slug="evil", name="<img src=x onerror=alert(1)>" + LONG)
    Space.objects.filter(name="acme_s1").update(team=evil, title=LONG)
    make_member(LONG, tenant="acme")
    page = open_page(**PHONE)
    log_in(page, "alice", at="/people/")
    expect(page.get_by_role("main")).to_contain_text("<img src=x onerror=alert(1)>")
    assert overflow(page) == 0
    page.goto(f"/people/members/{LONG}/")
    assert overflow(page) == 0
    page.goto("/people/teams/evil/")
    assert overflow(page) == 0
