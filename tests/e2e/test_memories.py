"""Memories in a browser: browse, read, edit, link and forget, by who may."""

from uuid import UUID

import pytest
from playwright.sync_api import expect

from memory.services.memories import read_memory, update_memory
from tenants.models import Grant, Membership, Space
from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import World, remember_in, scope_of


def test_an_admin_finds_edits_and_forgets_a_memory(world: World, open_page: OpenPage) -> None:
    remember_in("acme_s1", "Call Priya in the morning.", kind="preference")
    page = open_page()
    log_in(page, "alice", at="/login/?next=/memories/")
    page.get_by_label("Space").select_option("acme_s1")
    page.get_by_label("Kind").fill("preference")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Call Priya in the morning.").click()
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Content").fill("Call Priya at noon.")
    page.get_by_label("Metadata").fill("{")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Allowed: a JSON object.")).to_be_visible()
    page.get_by_label("Metadata").fill('{"by": "phone"}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The memory is changed.")
    expect(page.locator(".content")).to_have_text("Call Priya at noon.")
    expect(page.get_by_role("row", name="Update memory")).to_be_visible()
    page.get_by_role("button", name="Forget").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Forget").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.get_by_role("status")).to_contain_text("The memory is forgotten")
    expect(page.get_by_text("Call Priya at noon.")).to_have_count(0)


def test_an_edit_leaves_alone_what_somebody_else_changed_meanwhile(world: World, open_page: OpenPage) -> None:
    memory_id = UUID(world.memories["acme_s1"])
    page = open_page()
    log_in(page, "alice", at=f"/login/?next=/memories/acme_s1/{memory_id}/")
    page.get_by_text("Edit", exact=True).click()
    update_memory(
        scope_of("acme_s1"), memory_id, {"content": "What an agent\nmade of it.", "metadata": {"by": "agent"}}
    )
    page.get_by_label("Kind").fill("note")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The memory is changed.")
    changed = read_memory(scope_of("acme_s1"), memory_id)
    assert (changed.kind, changed.content) == ("note", "What an agent\nmade of it.")
    assert changed.metadata == {"by": "agent"}


def test_two_memories_are_linked_and_unlinked(world: World, open_page: OpenPage) -> None:
    other = remember_in("acme_s1", "Zebras sleep standing up.")
    page = open_page()
    log_in(page, "alice", at=f"/login/?next=/memories/acme_s1/{world.memories['acme_s1']}/")
    page.get_by_label("The other memory's id").fill(str(other))
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("link", name="Zebras sleep standing up.")).to_be_visible()
    page.get_by_role("button", name="Unlink").click()
    page.get_by_role("dialog", name="Unlink them?").get_by_role("button", name="Unlink them").click()
    expect(page.get_by_role("status")).to_have_text("The association is taken back.")
    expect(page.get_by_role("link", name="Zebras sleep standing up.")).to_have_count(0)


def test_a_member_reads_and_is_offered_nothing_else(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob", at=f"/login/?next=/memories/acme_s1/{world.memories['acme_s1']}/")
    expect(page.locator(".content")).to_have_text("The first memory of acme_s1.")
    for name in ("Forget", "Link", "Save"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="History")).to_have_count(0)


def test_a_member_who_may_write_is_offered_the_forms(world: World, open_page: OpenPage) -> None:
    bob, space = Membership.objects.get(user__username="bob"), Space.objects.get(name="acme_s1")
    Grant.objects.create(space=space, membership=bob, permissions=["read", "write"])
    page = open_page()
    log_in(page, "bob", at=f"/login/?next=/memories/acme_s1/{world.memories['acme_s1']}/")
    expect(page.get_by_role("button", name="Forget")).to_be_visible()


def test_an_outsider_is_refused_in_plain_words(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie", at="/login/?next=/memories/")
    answer = page.request.get(f"/memories/acme_s1/{world.memories['acme_s1']}/")
    assert answer.status == 403
    assert "There is no such space, or it is not yours to enter." in answer.text()
    assert "The first memory of acme_s1." not in answer.text()


def test_the_longest_name_of_a_space_fits_a_phone(world: World, open_page: OpenPage) -> None:
    Space.objects.filter(name="acme_s1").update(name="s" * 64)
    page = open_page(**PHONE)
    log_in(page, "alice", at=f"/login/?next=/memories/{'s' * 64}/{world.memories['acme_s1']}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Memory")
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_have_no_barrier_and_fit_a_phone(world: World, open_page: OpenPage, scheme: str) -> None:
    long = remember_in("acme_s1", "W" * 400, session="s" * 200, metadata={"k" * 90: "v" * 300})
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/memories/?space=acme_s1")
    assert barriers(page) == []
    for address in ("/memories/?space=acme_s1&kind=nothing", f"/memories/acme_s1/{UUID(str(long))}/"):
        page.goto(address)
        assert barriers(page) == []
        page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
        assert overflow(page) == 0
    page.get_by_text("Edit", exact=True).click()
    assert barriers(page) == []
    page.get_by_role("button", name="Forget").click()
    assert barriers(page) == []
