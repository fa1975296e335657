"""Explore in a browser: a cue, its hits, and the graph that it draws."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from memory.records import Link
from memory.services.associations import associate
from tests.e2e.visitors import PHONE, OpenPage, barriers, log_in, overflow
from tests.world import World, remember_in, scope_of

SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">"


def ask(page: Page, cue: str) -> None:
    page.get_by_label("Cue", exact=True).fill(cue)
    page.keyboard.press("Enter")


def drawn(page: Page, memories: int) -> None:
    expect(page.locator("#graph")).to_have_attribute("data-drawn", str(memories))


def linked(world: World) -> str:
    """The first memory of acme_s1, from which activation reaches another."""
    first = UUID(world.memories["acme_s1"])
    associate(scope_of("acme_s1"), first, Link(remember_in("acme_s1", "Zebras sleep standing up.")))
    return f"/login/?next=/explore/%3Fmemory={first}%26space=acme_s1"


def test_a_cue_brings_hits_that_say_why(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/login/?next=/explore/")
    ask(page, "The first memory of acme_s1")
    hit = page.get_by_role("listitem").filter(has_text="The first memory of acme_s1.").first
    expect(hit).to_contain_text("Similarity")
    expect(hit).to_contain_text("Found by the cue itself.")
    drawn(page, 3)
    expect(page.get_by_role("status").filter(has_text="memories,")).to_have_text("3 memories, 0 associations.")
    assert page.url.endswith("/explore/?q=The+first+memory+of+acme_s1&memory=&depth=2&threshold=0.01")
    page.reload()
    expect(page.get_by_label("Cue", exact=True)).to_have_value("The first memory of acme_s1")
    drawn(page, 3)


def test_sliders_ask_again(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at=linked(world))
    drawn(page, 2)
    page.get_by_label("Depth").fill("0")
    expect(page.locator('output[for="id_depth"]')).to_have_text("0")
    expect(page).to_have_url(re.compile("depth=0"))
    expect(page.get_by_text("Nothing comes to mind").or_(page.locator(".hit").first)).to_be_visible()


def test_a_node_can_be_read_and_gone_on_from(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at=linked(world))
    drawn(page, 2)
    page.locator(".hit").filter(has_text="Zebras").get_by_role("link", name="Go on from here").click()
    expect(page.locator(".start")).to_contain_text("Zebras sleep standing up.")
    page.locator(".hit").first.get_by_role("link", name="Read").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Memory")


def test_memories_of_the_graph_are_chosen_by_key_and_by_click(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at=linked(world))
    drawn(page, 2)
    graph = page.locator("#graph")
    chosen = page.get_by_role("complementary", name="The memory chosen in the graph")
    graph.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_contain_text("Zebras sleep standing up.")
    expect(chosen).to_contain_text("acme_s1 · hot · fact · activation")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    expect(chosen).to_be_hidden()
    # It was moved to the middle when it was chosen.
    graph.click()
    expect(chosen).to_contain_text("Zebras sleep standing up.")
    chosen.get_by_role("link", name="Go on from here").click()
    expect(page.locator(".start")).to_contain_text("Zebras sleep standing up.")


def test_what_was_remembered_stays_text(world: World, open_page: OpenPage) -> None:
    memory = remember_in("acme_s1", SCRIPT, session=SCRIPT, metadata={SCRIPT: SCRIPT})
    page = open_page()
    log_in(page, "alice", at=f"/login/?next=/explore/%3Fmemory={memory}%26space=acme_s1")
    expect(page.locator(".start")).to_contain_text("onerror")
    drawn(page, 2)
    page.goto("/explore/?q=stolen+document+title")
    expect(page.locator(".hit").first).to_contain_text("onerror")
    expect(page).to_have_title("Explore · acme · Engram")
    page.goto(f"/memories/acme_s1/{memory}/")
    expect(page.locator(".metadata")).to_contain_text("onerror")
    expect(page).to_have_title("Memory · acme · Engram")
    page.goto("/memories/?space=acme_s1")
    expect(page.locator(".memories")).to_contain_text("onerror")
    expect(page).to_have_title("Memories · acme · Engram")


def test_an_outsider_is_offered_nothing_of_another_tenant(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "charlie", at="/login/?next=/explore/")
    ask(page, "The first memory of acme_s1")
    expect(page.locator(".hit").first).to_be_visible()
    assert "The first memory of acme_s1." not in page.content()
    expect(page.get_by_label("acme_s1", exact=True)).to_have_count(0)


def test_a_thousand_memories_are_drawn_and_more_are_said(world: World, open_page: OpenPage) -> None:
    nodes = [
        {
            "id": f"n{number}",
            "space": "acme_s1",
            "text": f"Memory {number}",
            "kind": "fact",
            "session": None,
            "tier": "warm",
            "activation": 1 / (number + 1),
            "depth": min(number, 1),
            "path": ["n0", f"n{number}"][: number + 1],
        }
        for number in range(1_200)
    ]
    edges = [{"source": "n0", "target": node["id"], "kind": "explicit", "weight": 1} for node in nodes[1:]]
    page = open_page()
    page.route(
        "**/explore/graph/*", lambda route: route.fulfill(json={"nodes": nodes, "edges": edges, "is_cut": False})
    )
    log_in(page, "alice", at=linked(world))
    drawn(page, 1_000)
    expect(page.locator("#graph-words")).to_contain_text("The 1,000 most active memories; more were reached.")


def test_a_graph_that_cannot_be_had_is_said(world: World, open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/explore/graph/*", lambda route: route.fulfill(status=200, body="nonsense"))
    log_in(page, "alice", at=linked(world))
    expect(page.locator("#graph-words")).to_contain_text("A part of the graph could not be had; try again.")


def test_on_a_phone_the_graph_is_a_tap_from_the_hits(world: World, open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    log_in(page, "alice", at="/login/?next=/explore/")
    ask(page, "The first memory of acme_s1")
    drawn(page, 3)
    page.get_by_role("link", name="See how activation spread").click()
    expect(page.get_by_role("heading", name="How activation spread")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_barrier_and_fits_a_phone(world: World, open_page: OpenPage, scheme: str) -> None:
    remember_in("acme_s1", "W" * 300, session="s" * 200)
    page = open_page(color_scheme=scheme)
    log_in(page, "alice", at="/login/?next=/explore/")
    assert barriers(page) == []
    ask(page, "memory")
    drawn(page, 4)
    assert barriers(page) == []
    page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    assert overflow(page) == 0
    assert barriers(page) == []
