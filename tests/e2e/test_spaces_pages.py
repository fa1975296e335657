"""Managing spaces in the dashboard: journeys of the admin, the member and the outsider."""

import re

from playwright.sync_api import Locator, Page, expect

from memory.services.erase import erase
from tenants.callers import operator
from tenants.models import Grant, Space
from tenants.scope import SpaceScope
from tenants.services.sharing import share_space
from tenants.services.spaces import NewSpace, create_space
from tenants.services.teams import create_team
from tests.e2e.visitors import PHONE, OpenPage, log_in, overflow
from tests.tenants.control_api import ControlApi
from tests.world import World, logged_in

ROOT = operator("tests")
SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">"


def add(page: Page, name: str, title: str = "", below: str = "", team: str = "") -> None:
    page.get_by_text("New space", exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Below", exact=True).fill(below)
    page.get_by_label("Team", exact=True).fill(team)
    page.get_by_role("button", name="Create the space").click()


def row(page: Page, name: str) -> Locator:
    return page.locator(".twig", has=page.get_by_role("link", name=name, exact=True))


def test_an_admin_makes_a_space_below_another_and_describes_it(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    add(page, "acme_child", "The child", below="acme_s1")
    expect(page.get_by_role("status")).to_have_text("The child is made.")
    page.get_by_label("Description", exact=True).fill("What the child knows.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_role("main")).to_contain_text("What the child knows.")
    page.get_by_role("link", name="Spaces").first.click()
    expect(page.get_by_role("list", name="Below acme_s1")).to_contain_text("The child")


def test_saving_leaves_alone_where_somebody_else_moved_it_meanwhile(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/acme_s10/")
    assert ControlApi(logged_in("alice")).patch("spaces/acme_s10/", {"parent": "acme_s1"}).status_code == 200
    page.get_by_label("Title", exact=True).fill("The tenth")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    saved = Space.objects.get(name="acme_s10")
    assert (saved.title, saved.parent and saved.parent.name) == ("The tenth", "acme_s1")


def test_what_is_wrong_is_said_beside_its_field(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    add(page, "Not A Name")
    field = page.locator(".field", has=page.get_by_label("Name", exact=True))
    expect(field).to_contain_text("A space's name is 3 to 64 characters")
    expect(page).to_have_title("Error: Spaces · acme · Engram")
    page.get_by_label("Name", exact=True).fill("globex_s1")
    page.get_by_role("button", name="Create the space").click()
    expect(field).to_contain_text("The name 'globex_s1' is taken.")
    page.get_by_label("Name", exact=True).fill("acme_new")
    page.get_by_label("Below", exact=True).fill("globex_s1")
    page.get_by_role("button", name="Create the space").click()
    expect(page.locator(".field", has=page.get_by_label("Below", exact=True))).to_contain_text(
        "one of the tenant's own spaces"
    )
    assert not Space.objects.filter(name="acme_new").exists()


def test_whose_a_space_is_shows_at_a_glance(world: World, open_page: OpenPage) -> None:
    create_team(ROOT, "desk", tenant_slug="acme")
    create_space(ROOT, NewSpace("acme_team", team="desk"), tenant_slug="acme")
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    expect(row(page, "acme_s1")).to_contain_text("Own")
    expect(row(page, "acme_team")).to_contain_text("Team desk")
    expect(row(page, "acme_shared")).to_contain_text("Shared with globex")
    expect(page.locator(".legend")).to_contain_text("1 shared with others")
    outsider = open_page()
    log_in(outsider, "charlie", at="/spaces/")
    expect(row(outsider, "acme_shared")).to_contain_text("Shared by acme")
    expect(row(outsider, "acme_shared")).to_contain_text("You read")
    expect(outsider.locator(".tree")).not_to_contain_text("acme_s1")


def test_a_space_is_found_by_name_with_what_stands_above_it(world: World, open_page: OpenPage) -> None:
    create_space(ROOT, NewSpace("acme_child", parent="acme_s10"), tenant_slug="acme")
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    page.get_by_label("Search by name or title").fill("CHILD")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".twig")).to_have_count(2)
    page.get_by_label("Search by name or title").fill("nothing like it")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="No space is called that")).to_be_visible()


def test_a_space_is_shared_and_withdrawn(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/acme_s1/")
    page.get_by_text("Share it", exact=True).click()
    page.get_by_label("Another tenant").check()
    page.get_by_label("Which one", exact=True).fill("nowhere")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator(".field", has=page.get_by_label("Which one", exact=True))).to_contain_text(
        "There is no tenant 'nowhere'."
    )
    page.get_by_label("Which one", exact=True).fill("globex")
    page.get_by_label("Read and write").check()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Shared with globex.")
    page.get_by_role("button", name="Withdraw from globex").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert Grant.objects.filter(space__name="acme_s1").count() == 1
    page.get_by_role("button", name="Withdraw from globex").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("status")).to_contain_text("Withdrawn.")
    assert not Grant.objects.filter(space__name="acme_s1").exists()


def test_a_space_is_archived_taken_back_from_others_and_returns(world: World, open_page: OpenPage) -> None:
    share_space(ROOT, "acme_s1", "globex")
    page = open_page()
    log_in(page, "alice", at="/spaces/acme_s1/")
    page.get_by_role("button", name="Archive …").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.get_by_role("status")).to_contain_text("Archived.")
    assert Space.objects.get(name="acme_s1").status == "archived"
    expect(page.get_by_text("Share it")).to_have_count(0)
    page.get_by_role("button", name="Withdraw from globex").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    assert not Grant.objects.filter(space__name="acme_s1").exists()
    page.get_by_role("button", name="Let it return").click()
    expect(page.get_by_role("status")).to_have_text("It is back.")


def test_a_space_is_erased_once_its_name_is_typed_and_reported(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/acme_s1/")
    page.get_by_role("button", name="Erase …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type acme_s1 to confirm").fill("acme_s10")
    dialog.get_by_role("button", name="Erase it for good").click()
    assert Space.objects.get(name="acme_s1").status == "active"
    dialog.get_by_label("Type acme_s1 to confirm").fill("acme_s1")
    dialog.get_by_role("button", name="Erase it for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erased spaces")
    report = page.get_by_role("row", name="acme_s1")
    expect(report).to_contain_text("Waits for a worker")
    assert erase(SpaceScope.for_erasure(Space.objects.get(name="acme_s1").id))
    expect(report).to_contain_text("Gone")
    expect(report).to_contain_text(re.compile("1 memory ?1 vector ?2 other records"))
    expect(report).to_contain_text("alice")


def test_how_far_an_erasure_is_shows_before_a_memory_is_deleted(world: World, open_page: OpenPage) -> None:
    assert ControlApi(logged_in("alice")).delete("spaces/acme_s1/").status_code == 202
    assert not erase(SpaceScope.for_erasure(Space.objects.get(name="acme_s1").id), seconds=0)
    page = open_page()
    log_in(page, "alice", at="/erasures/")
    report = page.get_by_role("row", name="acme_s1")
    expect(report).to_contain_text("Step 3 of 12")
    expect(report).to_contain_text("1 other record")


def test_a_member_looks_and_is_offered_nothing_to_change(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob", at="/spaces/")
    expect(row(page, "acme_s1")).to_contain_text("You read")
    expect(page.get_by_text("New space")).to_have_count(0)
    page.get_by_role("link", name="acme_s1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("acme_s1")
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_an_outsider_is_told_no_more_than_of_a_space_that_is_not(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie", at="/spaces/")
    there, nowhere = (page.request.get(f"/spaces/{name}/") for name in ("acme_s1", "no_space"))
    assert (there.status, nowhere.status) == (403, 403)
    assert "There is no such space, or it is not yours to enter." in there.text()


def test_names_are_shown_as_text_whatever_they_say(world: World, open_page: OpenPage) -> None:
    create_space(ROOT, NewSpace("acme_evil", SCRIPT[:200], SCRIPT), tenant_slug="acme")
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    expect(page.locator(".tree")).to_contain_text("<script>document.title")
    page.get_by_role("link", name="<script>").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>document.title")
    assert "stolen" not in page.title().replace(SCRIPT[:200], "")


def test_long_names_and_deep_trees_fit_a_phone(world: World, open_page: OpenPage) -> None:
    parent = "acme_s1"
    for depth in range(8):
        name = f"deep_{depth}_" + "x" * 50
        create_space(ROOT, NewSpace(name, "W" * 200, "d" * 1000, parent=parent), tenant_slug="acme")
        parent = name
    page = open_page(**PHONE)
    log_in(page, "alice", at="/spaces/")
    assert overflow(page) == 0
    page.goto(f"/spaces/{parent}/")
    assert overflow(page) == 0


def test_everything_but_asking_again_works_without_javascript(world: World, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    log_in(page, "alice", at="/spaces/")
    add(page, "acme_plain")
    expect(page.get_by_role("heading", level=1)).to_have_text("acme_plain")
