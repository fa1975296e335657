"""What people do on our pages, as tests spell it."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.contrib.auth import get_user_model
from playwright.sync_api import Page

from tenants.models import Membership, Tenant
from tests.world import PASSWORD

OpenPage = Callable[..., Page]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def join(username: str, tenant: str) -> None:
    """Make somebody a member of one more tenant."""
    user = get_user_model().objects.get(username=username)
    Membership.objects.create(tenant=Tenant.objects.get(slug=tenant), user=user)


def log_in(page: Page, username: str, password: str = PASSWORD, *, at: str = "/") -> None:
    """Go to a page, be asked to log in, and do."""
    page.goto(at)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()


def choose_tenant(page: Page, name: str) -> None:
    page.locator(".menu.tenant summary").click()
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def barriers(page: Page, *, besides: str = "") -> list[str]:
    """What axe-core holds to be a serious or critical barrier on the page as it is, and where; ``besides`` is not looked at."""
    # Preloading is for CSS media rules that Engram's sheets do not hold, and would apply styles that the page's policy forbids.
    options = {"preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, {"exclude": [[besides]]} if besides else None, options).response["violations"]
    return [
        f"{violation['id']}: {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]
