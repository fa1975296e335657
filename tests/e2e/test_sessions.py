"""What keeps a session a person's own: a new one at each log-in, and a token in every form."""

from playwright.sync_api import BrowserContext, expect

from tenants.models import Space
from tests.e2e.visitors import OpenPage, log_in
from tests.world import World


def cookie(context: BrowserContext, name: str) -> str:
    return next((each["value"] for each in context.cookies() if each["name"] == name), "")


def test_a_session_that_was_planted_is_not_the_one_that_is_logged_in(
    world: World, open_page: OpenPage, site: str
) -> None:
    page = open_page()
    page.context.add_cookies([{"name": "sessionid", "value": "planted-by-somebody-else-0000000", "url": site}])
    log_in(page, "alice")
    expect(page.get_by_role("heading", level=1)).to_have_text("acme")
    assert cookie(page.context, "sessionid") not in {"", "planted-by-somebody-else-0000000"}


def test_the_session_changes_when_another_person_logs_in(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice")
    before = cookie(page.context, "sessionid")
    page.locator(".menu.user summary").click()
    page.get_by_role("button", name="Log out").click()
    log_in(page, "charlie")
    assert cookie(page.context, "sessionid") != before


def test_a_form_without_its_token_does_nothing(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/acme_s1/")
    answer = page.request.post("/spaces/acme_s1/archive/", form={"status": "archived"})
    assert (answer.status, "too old to accept" in answer.text()) == (403, True)
    assert Space.objects.get(name="acme_s1").status == "active"


def test_a_form_that_another_site_sends_does_nothing(world: World, open_page: OpenPage, site: str) -> None:
    page = open_page()
    log_in(page, "alice", at="/spaces/")
    answer = page.request.post(
        "/spaces/acme_s1/erase/", form={"confirm": "acme_s1"}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status == 403
    assert Space.objects.get(name="acme_s1").status == "active"
