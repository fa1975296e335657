"""The README's pictures, of the demo installation: python -m tests.e2e.screenshots --site URL --credentials FILE --out FOLDER"""

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import APIRequestContext, Browser, Page, expect, sync_playwright

from tests.e2e.chromium import launch

SCREEN, PHONE = {"width": 1280, "height": 960}, {"width": 390, "height": 844}

# Milliseconds until what happened is in the charts.
COUNTED_MS = 150_000
PAGES = {
    "memories": "/memories/?space=initech_team_a",
    "usage": "/spaces/initech_team_a/usage/",
    "transfer": "/spaces/initech_team_a/transfer/",
}

# What somebody does in the demo before the pictures are taken, so that its trail has something to tell.
ASKED = [
    ("acme", "acme_support", "Priya's pole cracked near the ferrule: what did we send?"),
    ("acme", "globex_research", "What do the others know?"),
    ("acme", "acme_support", "Who prefers to be called in the morning?"),
    ("globex", "common_knowledge", "How does a context manager handle an exception?"),
    ("globex", "globex_research", "Why did the nightly load fail?"),
    ("initech", "initech_org", "Who approves a production change?"),
    ("initech", "initech_team_a", "What did the last incident teach us?"),
    ("initech", "acme_support", "What do the others know?"),
    ("initech", "initech_team_b", "Which release is frozen?"),
]

# What the admin of Initech arranges before that: method, route and body. To do it again changes nothing.
ARRANGED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "teams/", {"slug": "platform", "name": "Platform team"}),
    ("POST", "teams/", {"slug": "mobile", "name": "Mobile team"}),
    ("POST", "members/", {"username": "milton", "role": "member", "password": "no-more-staplers"}),
    ("POST", "members/", {"username": "samir", "role": "admin", "password": "no-more-staplers"}),
    ("PUT", "teams/platform/members/samir/", {}),
    ("PUT", "teams/mobile/members/milton/", {}),
    ("PATCH", "spaces/initech_team_a/", {"team": "platform"}),
    ("PATCH", "spaces/initech_team_b/", {"team": "mobile"}),
    ("POST", "spaces/initech_org/grants/", {"tenant": "globex", "permissions": ["read"]}),
    ("POST", "spaces/initech_org/grants/", {"member": "milton", "permissions": ["read", "write"]}),
]
KEY = {"name": "support desk", "spaces": {"initech_org": ["read"], "initech_team_a": ["read", "write"]}}
# Initech's pages for managing, by their picture.
MANAGING = {
    "spaces": "/spaces/",
    "space": "/spaces/initech_org/",
    "people": "/people/",
    "team": "/people/teams/platform/",
    "keys": "/keys/",
    "erasures": "/erasures/",
    "audit": "/audit/",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", default="http://127.0.0.1:8000")
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    people = json.loads(given.credentials.read_text())
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        asking = playwright.request.new_context(base_url=given.site)
        arrange(asking, people["member"])
        ask_around(asking, people["member"])
        asking.dispose()
        browser = launch(playwright)
        take(browser, given.site, people, given.out)
        browser.close()


def arrange(request: APIRequestContext, member: Mapping[str, str]) -> None:
    headers = bearer(request, member, "initech")
    for method, route, body in ARRANGED:
        request.fetch(f"/api/v1/{route}", method=method, headers=headers, data=body)
    if not request.get("/api/v1/keys/", headers=headers).json()["results"]:
        request.post("/api/v1/keys/", headers=headers, data=KEY)
    if not request.get("/api/v1/erasures/", headers=headers).json()["results"]:
        request.post("/api/v1/spaces/", headers=headers, data={"name": "initech_trial"})
        # A token covers the spaces that there were when it was given.
        headers = bearer(request, member, "initech")
        memories = [{"content": f"A note of the trial, number {number}."} for number in range(40)]
        request.post("/api/v1/spaces/initech_trial/memories/batch/", headers=headers, data={"memories": memories})
        request.delete("/api/v1/spaces/initech_trial/", headers=headers)


def ask_around(request: APIRequestContext, member: Mapping[str, str]) -> None:
    for tenant, space, query in ASKED:
        headers = bearer(request, member, tenant)
        request.post(f"/api/v1/spaces/{space}/recall/", headers=headers, data={"query": query, "limit": 3})


def bearer(request: APIRequestContext, member: Mapping[str, str], tenant: str) -> dict[str, str]:
    login = {"username": member["username"], "password": member["password"], "tenant": tenant}
    access = request.post("/api/v1/auth/token/", data=login).json()["access"]
    return {"Authorization": f"Bearer {access}"}


def take(browser: Browser, site: str, people: Mapping[str, Any], out: Path) -> None:
    member, operator = people["member"], people["operator"]
    with opened(browser, site) as page:
        page.goto("/login/")
        page.screenshot(path=out / "login.png")
        log_in(page, member)
        choose_tenant(page, "Initech")
        # Beat counts the trail every minute, and the page asks again by itself.
        expect(page.locator(".charts").get_by_text("in all")).to_be_visible(timeout=COUNTED_MS)
        page.screenshot(path=out / "overview.png")
        for name, path in MANAGING.items():
            page.goto(path)
            page.screenshot(path=out / f"{name}.png")
        explore(page, "640 messages in the parking lot: what was changed afterwards?", path=True)
        page.screenshot(path=out / "explore.png")
        take_each(page, out)
        page.goto("/api/v1/spaces/initech_team_a/memories/?limit=2")
        page.screenshot(path=out / "api.png")
    with opened(browser, site, color_scheme="dark") as page:
        log_in(page, member)
        choose_tenant(page, "Globex")
        page.screenshot(path=out / "overview-dark.png")
        explore(page, "Atlas answered nothing for 40 seconds: what blocked it?")
        page.screenshot(path=out / "explore-dark.png")
    with opened(browser, site, viewport=PHONE) as page:
        log_in(page, member)
        page.screenshot(path=out / "overview-phone.png")
        choose_tenant(page, "Initech")
        page.goto("/spaces/")
        page.screenshot(path=out / "spaces-phone.png")
        explore(page, "who sits in room Elm, and what do they want to know?")
        page.screenshot(path=out / "explore-phone.png")
    with opened(browser, site) as page:
        log_in(page, operator)
        page.goto("/admin/tenants/space/")
        page.screenshot(path=out / "admin.png")
        page.goto("/admin/tenants/tenant/")
        page.locator("th.field-slug a", has_text="initech").locator("xpath=../..").locator(".field-memories a").click()
        page.screenshot(path=out / "admin-usage.png")
        take_limits(page, out / "admin-limits.png")
        page.goto("/admin/tenants/breakglass/add/")
        page.screenshot(path=out / "admin-break-glass.png")
        with broken_glass(page), opened(browser, site) as looked_at:
            log_in(looked_at, member)
            looked_at.goto("/spaces/")
            looked_at.screenshot(path=out / "glass.png")


def explore(page: Page, cue: str, *, path: bool = False) -> None:
    """Ask and wait until the graph is drawn; show the path to a hit that activation brought, if there is one."""
    page.goto("/explore/")
    page.get_by_label("Cue", exact=True).fill(cue)
    page.keyboard.press("Enter")
    page.locator("#graph[data-drawn]").wait_for(state="attached")
    if path:
        page.get_by_role("button", name="Show the path").first.click()
    page.evaluate("scrollTo(0, 0)")


def take_limits(page: Page, file: Path) -> None:
    """What limits of several spaces would become; nothing is set."""
    page.goto("/admin/tenants/space/?q=initech")
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_label("Action:").select_option("set_limits")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Hot capacity per space:").fill("50000")
    page.get_by_label("Rate limit per space:").fill("25")
    page.get_by_role("button", name="See what would change").click()
    page.screenshot(path=file)


@contextmanager
def broken_glass(page: Page) -> Iterator[None]:
    """For as long as the block runs, the operator may read a space."""
    page.locator("#id_space + .select2").click()
    page.locator(".select2-search__field").fill("acme_support")
    page.get_by_role("option", name="acme_support", exact=True).click()
    page.get_by_label("Reason:").fill("Ticket 4711: recall answers with the wrong year.")
    page.get_by_role("button", name="Break the glass").click()
    yield
    page.get_by_role("button", name="Close it now").click()


def take_each(page: Page, out: Path) -> None:
    """The pages that need no preparation."""
    for name, path in PAGES.items():
        page.goto(path)
        page.screenshot(path=out / f"{name}.png")
    page.goto("/memories/?space=initech_team_a")
    page.locator(".memories a").first.click()
    page.screenshot(path=out / "memory.png")


def log_in(page: Page, person: Mapping[str, str]) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(person["username"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Log in").click()


def choose_tenant(page: Page, name: str) -> None:
    page.locator(".menu.tenant summary").click()
    page.get_by_role("button", name=name).click()


@contextmanager
def opened(browser: Browser, site: str, **options: Any) -> Iterator[Page]:
    """A page of a fresh browser, by daylight on a screen unless said otherwise, sharp enough for fine displays."""
    context = browser.new_context(
        base_url=site, **{"viewport": SCREEN, "color_scheme": "light", "device_scale_factor": 1.5, **options}
    )
    yield context.new_page()
    context.close()


if __name__ == "__main__":
    main()
