"""The operators' admin, under our content security policy."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from tenants.models import ApiKey, Grant, Space, Tenant
from tests.e2e.visitors import OpenPage, barriers
from tests.world import PASSWORD, World

PAGES = [
    "", "tenants/tenant/", "tenants/tenant/add/", "tenants/space/", "tenants/space/add/", "tenants/apikey/",
    "tenants/signingkey/", "tenants/grant/", "tenants/grant/add/", "tenants/breakglass/", "tenants/breakglass/add/",
    "auth/user/", "auth/user/add/", "auth/group/add/", "password_change/",
]  # fmt: skip


@pytest.fixture
def admin(world: World, open_page: OpenPage) -> Page:
    """The admin's first page, and an operator logged in to it."""
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    page = open_page()
    page.goto("/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tenants, spaces and keys")
    return page


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def choose(page: Page, field: str, value: str) -> None:
    """Find something in one of the admin's searching select boxes."""
    page.locator(f"#id_{field} + .select2").click()
    page.locator(".select2-search__field").fill(value)
    page.get_by_role("option", name=value, exact=True).click()


def test_every_list_and_form_opens(admin: Page) -> None:
    for path in PAGES:
        assert admin.goto(f"/admin/{path}").status == 200, path  # type: ignore[union-attr]


def test_lists_show_all_their_columns_beside_the_sidebar(admin: Page) -> None:
    admin.set_viewport_size({"width": 1280, "height": 800})
    for path in ("tenants/tenant/", "tenants/space/", "tenants/apikey/"):
        admin.goto(f"/admin/{path}")
        assert admin.locator(".results").evaluate("list => list.scrollWidth - list.clientWidth") == 0, path


def test_every_record_opens(admin: Page) -> None:
    tenant, space, key = Tenant.objects.earliest("pk"), Space.objects.earliest("pk"), ApiKey.objects.earliest("pk")
    records = (
        f"tenant/{tenant.pk}",
        f"tenant/{tenant.pk}/usage",
        f"space/{space.pk}",
        f"apikey/{key.pk}",
        f"space/{space.pk}/history",
        f"grant/{Grant.objects.get().pk}",
    )
    for path in records:
        assert admin.goto(f"/admin/tenants/{path}/").status == 200, path  # type: ignore[union-attr]


def test_a_tenant_is_made_and_then_given_a_member(admin: Page) -> None:
    admin.goto("/admin/tenants/tenant/add/")
    admin.get_by_label("Slug").fill("umbrella")
    admin.get_by_label("Name").fill("Umbrella")
    admin.get_by_role("button", name="Save and continue editing").click()
    admin.get_by_text("Add another Membership").click()
    choose(admin, "memberships-0-user", "bob")
    save(admin)
    expect(admin.locator(".messagelist")).to_contain_text("was changed successfully")
    assert Tenant.objects.get(slug="umbrella").memberships.get().user.get_username() == "bob"


def test_a_space_is_made(admin: Page) -> None:
    admin.goto("/admin/tenants/space/add/")
    choose(admin, "tenant", "acme")
    admin.get_by_label("Name").fill("acme_new")
    save(admin)
    expect(admin.locator(".messagelist")).to_contain_text("was added successfully")
    assert Space.objects.get(name="acme_new").tenant.slug == "acme"


def test_a_tenant_is_suspended_from_the_list(admin: Page) -> None:
    admin.goto("/admin/tenants/tenant/")
    admin.get_by_label("Select this object for an action - globex").check()
    admin.get_by_label("Action:").select_option("suspend")
    admin.get_by_role("button", name="Go").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Suspend these tenants?")
    admin.get_by_role("button", name="Yes, suspend them").click()
    expect(admin.locator(".messagelist")).to_contain_text("Suspended: globex.")
    assert Tenant.objects.get(slug="globex").status == "suspended"


def test_an_operator_who_thinks_again_suspends_nobody(admin: Page) -> None:
    admin.goto("/admin/tenants/tenant/")
    admin.get_by_label("Select this object for an action - globex").check()
    admin.get_by_label("Action:").select_option("suspend")
    admin.get_by_role("button", name="Go").click()
    admin.get_by_role("link", name="No, take me back").click()
    expect(admin).to_have_title("Select tenant to change | Engram operators")
    assert Tenant.objects.get(slug="globex").status == "active"


def test_a_space_is_shared_and_withdrawn_in_one_place(admin: Page) -> None:
    admin.goto("/admin/tenants/grant/add/")
    choose(admin, "space", "acme_s10")
    choose(admin, "tenant", "globex")
    admin.get_by_label("Read and write").check()
    save(admin)
    expect(admin.locator("#result_list")).to_contain_text("acme_s10")
    admin.get_by_role("link", name="acme_s10", exact=True).click()
    admin.get_by_role("link", name="Delete").click()
    admin.get_by_role("button", name="Yes, I’m sure").click()
    expect(admin.locator("#result_list")).not_to_contain_text("acme_s10")


def test_a_limit_is_set_and_a_wrong_one_is_refused_beside_its_field(admin: Page) -> None:
    space = Space.objects.get(name="acme_s1")
    admin.goto(f"/admin/tenants/space/{space.pk}/change/")
    depth = admin.get_by_label("Max spreading depth:")
    expect(depth).to_have_attribute("placeholder", "5")
    expect(admin.locator(".field-max_spreading_depth")).to_contain_text("Inherited: 5. Allowed: 1 to 10.")
    depth.evaluate("field => field.removeAttribute('max')")
    depth.fill("11")
    save(admin)
    expect(admin.locator(".field-max_spreading_depth .errorlist")).to_contain_text("a whole number from 1 to 10")
    depth.fill("3")
    save(admin)
    expect(admin.locator("#result_list")).to_contain_text("max_spreading_depth 3")


def test_limits_of_several_spaces_are_shown_and_then_set(admin: Page) -> None:
    admin.goto("/admin/tenants/space/")
    for name in ("acme_s1", "globex_s1"):
        admin.get_by_label(f"Select this object for an action - {name}", exact=True).check()
    admin.get_by_label("Action:").select_option("set_limits")
    admin.get_by_role("button", name="Go").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Limits of 2 spaces")
    assert barriers(admin) == []
    admin.get_by_role("button", name="See what would change").click()
    expect(admin.locator(".errornote")).to_have_text("Nothing is to be changed; allowed: at least one limit.")
    admin.get_by_label("Max spreading depth:").fill("3")
    admin.get_by_role("button", name="See what would change").click()
    shown = admin.get_by_role("region", name="What would change")
    expect(shown.get_by_role("row", name="globex_s1 globex Max spreading depth 5 3")).to_be_visible()
    assert barriers(admin) == []
    assert Space.objects.get(name="acme_s1").limits == {}
    admin.get_by_role("button", name="Set these limits").click()
    expect(admin.locator(".messagelist")).to_contain_text("The limits of 2 spaces are set.")
    assert Space.objects.get(name="globex_s1").limits == {"max_spreading_depth": 3}


def test_the_glass_is_broken_read_through_and_closed(admin: Page) -> None:
    admin.goto("/admin/tenants/breakglass/")
    admin.get_by_role("link", name="Add break-glass access").click()
    choose(admin, "space", "acme_s1")
    admin.get_by_label("Reason:").fill("Ticket 4711: recall answers with the wrong year.")
    admin.get_by_role("button", name="Break the glass").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Memories of acme_s1")
    expect(admin.get_by_role("article")).to_contain_text("The first memory of acme_s1.")
    assert barriers(admin) == []
    admin.get_by_role("button", name="Close it now").click()
    expect(admin.locator("#result_list")).to_contain_text("closed")
    admin.go_back()
    expect(admin.get_by_role("article")).to_have_count(0)


def test_a_key_is_revoked_from_the_list(admin: Page) -> None:
    key = ApiKey.objects.get(name="acme_s1_read")
    admin.goto("/admin/tenants/apikey/")
    admin.get_by_label(f"Select this object for an action - {key}").check()
    admin.get_by_label("Action:").select_option("revoke")
    admin.get_by_role("button", name="Go").click()
    admin.get_by_role("button", name="Yes, revoke them").click()
    expect(admin.locator(".messagelist")).to_contain_text("Their tokens are refused from now on.")
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_user_is_made(admin: Page) -> None:
    admin.goto("/admin/auth/user/add/")
    admin.get_by_label("Username").fill("dana")
    admin.locator("#id_password1").fill("quite-a-long-one")
    admin.locator("#id_password2").fill("quite-a-long-one")
    save(admin)
    expect(admin.locator(".messagelist")).to_contain_text("was added successfully")
    assert get_user_model().objects.get(username="dana").check_password("quite-a-long-one")
