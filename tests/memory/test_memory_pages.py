"""Browsing, reading, editing, linking and forgetting, over HTTP."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from memory.models import Association, Memory
from memory.records import Link
from memory.services.associations import associate
from memory.services.memories import read_memory
from memory.services.reading import read_in_full
from tenants.models import Space
from tenants.scope import space_tx
from tests.world import World, logged_in, remember_in, scope_of


@pytest.fixture
def memory(world: World) -> UUID:
    return UUID(world.memories["acme_s1"])


def shown(client: Client, path: str, **parameters: Any) -> str:
    response = client.get(path, parameters)
    assert response.status_code == 200
    return response.content.decode()


def page_of(memory: UUID, space: str = "acme_s1") -> str:
    return f"/memories/{space}/{memory}/"


def fields(**changes: Any) -> dict[str, Any]:
    """The form of the first memory of acme_s1 as its page shows and sends it, but for what is changed."""
    same = {
        "content": "The first memory of acme_s1.",
        "kind": "fact",
        "confidence": "1.0",
        "session": "one",
        "metadata": "{}",
    }
    before = {f"initial-{name}": value for name, value in same.items()}
    return {**same, **before, "expires_at": "", **changes}


def hidden(page: str) -> dict[str, str]:
    """What a page sends back as it showed it."""
    found = re.findall(r'<input type="hidden" name="(initial-\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def linked(page: str, words: str) -> str:
    """Where the button with these words leads."""
    return page.partition(f'">{words}</a>')[0].rpartition('href="')[2].replace("&amp;", "&")


def test_a_spaces_memories_are_listed_newest_first_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.pages.memories.LISTED", 2)
    for number in (2, 3):
        remember_in("acme_s1", f"Memory number {number}.")
    alice = logged_in("alice")
    first = shown(alice, "/memories/", space="acme_s1", tier="hot")
    assert first.index("Memory number 3.") < first.index("Memory number 2.")
    assert "The first memory of acme_s1." not in first
    assert ">Newest<" not in first
    second = shown(alice, f"/memories/{linked(first, 'Older')}")
    assert "The first memory of acme_s1." in second
    assert ">Older<" not in second
    assert linked(second, "Newest") == "?space=acme_s1&tier=hot"


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "event"},
        {"session": "two"},
        {"tier": "cold"},
        {"created_after": "2100-01-01"},
        {"created_before": "2000-01-01"},
    ],
)
def test_filters_leave_out_what_does_not_fit(world: World, filters: dict[str, str]) -> None:
    page = shown(logged_in("alice"), "/memories/", space="acme_s1", **filters)
    assert "The first memory of acme_s1." not in page
    assert "None that fits the filters." in page


def test_filters_let_in_what_fits(world: World) -> None:
    fitting = {
        "kind": "fact",
        "session": "one",
        "tier": "hot",
        "created_after": "2000-01-01",
        "created_before": "2100-01-01",
    }
    assert "The first memory of acme_s1." in shown(logged_in("alice"), "/memories/", space="acme_s1", **fitting)


def test_rows_show_when_it_was_remembered_as_the_filters_take_it(world: World) -> None:
    remember_in("acme_s1", "The moon landing.", observed_at=datetime(1969, 7, 20, tzinfo=UTC))
    today = timezone.now().date().isoformat()
    page = shown(logged_in("alice"), "/memories/", space="acme_s1", created_after=today)
    row = page[page.index("The moon landing.") :].partition("</li>")[0]
    assert f'<span>remembered <time datetime="{today}' in row
    assert "1969" not in row
    assert "From day (UTC)" in page


def test_a_filter_that_is_none_is_said_beside_its_field(world: World) -> None:
    page = shown(logged_in("alice"), "/memories/", created_after="yesterday", space="globex_s1")
    assert "Enter a valid date." in page
    assert "globex_s1 is not one of the available choices." in page


def test_a_cursor_that_no_list_gave_is_refused(world: World) -> None:
    assert logged_in("alice").get("/memories/", {"space": "acme_s1", "cursor": "x"}).status_code == 400


def test_a_memory_is_shown_whole_with_its_associations(world: World, memory: UUID) -> None:
    other = remember_in("acme_s1", "What follows from it.", session="one")
    associate(scope_of("acme_s1"), other, Link(memory, 0.25))
    page = shown(logged_in("bob"), page_of(memory))
    assert "The first memory of acme_s1." in page
    assert "What follows from it." in page
    seen = read_in_full(scope_of("acme_s1"), memory, with_history=False)
    links = {link.kind: (link.arrow, link.words, link.weight) for link in seen.links}
    assert links["explicit"] == ("←", "comes from", 0.25)
    assert links["temporal"] == ("↔", "with", 1.0)


def test_what_has_expired_is_not_shown_beside_what_it_is_associated_with(world: World, memory: UUID) -> None:
    expired = remember_in("acme_s1", "What nobody may see any more.", session="one")
    with space_tx(scope_of("acme_s1")):
        Memory.objects.filter(id=expired).update(expires_at=timezone.now())
    page = shown(logged_in("bob"), page_of(memory))
    assert "The first memory of acme_s1." in page
    assert "What nobody may see any more." not in page
    assert str(expired) not in page


def test_its_history_is_for_admins_and_of_their_own_tenant(world: World) -> None:
    shared = UUID(world.memories["acme_shared"])
    charlie, alice = logged_in("charlie"), logged_in("alice")
    shown(charlie, page_of(shared, "acme_shared"))
    theirs = shown(charlie, page_of(shared, "acme_shared"))
    assert "Read memory" in theirs
    assert "alice" not in theirs
    ours = shown(alice, page_of(shared, "acme_shared"))
    assert "Remember" in ours
    assert "charlie" not in ours
    assert "History" not in shown(logged_in("bob"), page_of(shared, "acme_shared"))


def test_who_may_only_read_is_offered_no_form(world: World, memory: UUID) -> None:
    page = shown(logged_in("bob"), page_of(memory))
    assert 'method="post" action="/memories/' not in page


def test_an_edit_changes_what_was_changed_and_nothing_else(world: World, memory: UUID) -> None:
    soon = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    changes = {
        "content": "Two lines\r\nof it.",
        "kind": "note",
        "session": "",
        "metadata": '{"colour": "blue"}',
        "expires_at": f"{soon:%Y-%m-%dT%H:%M}",
    }
    answer = logged_in("alice").post(page_of(memory), fields(**changes), follow=True)
    assert "The memory is changed." in answer.content.decode()
    changed = read_memory(scope_of("acme_s1"), memory)
    assert (changed.content, changed.kind, changed.session) == ("Two lines\nof it.", "note", None)
    assert (changed.metadata, changed.expires_at, changed.confidence) == ({"colour": "blue"}, soon, 1.0)


def test_an_edit_that_changes_nothing_is_none(world: World, memory: UUID) -> None:
    before = read_memory(scope_of("acme_s1"), memory)
    logged_in("alice").post(page_of(memory), fields())
    after = read_memory(scope_of("acme_s1"), memory)
    assert (after.content, after.metadata, after.session) == (before.content, before.metadata, before.session)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": "  "}, "This field may not be blank."),
        ({"content": "x" * 40_000}, "This has 40,000 bytes; allowed: 32,768."),
        ({"kind": "No Kind"}, "Allowed: 1 to 32 of a to z"),
        ({"confidence": "2"}, "Ensure this value is less than or equal to 1."),
        ({"metadata": "{"}, "Input data was truncated. Allowed: a JSON object"),
        ({"metadata": "[" * 5_000}, "Allowed: a JSON object"),
        ({"metadata": "9" * 5_000}, "Allowed: a JSON object"),
        ({"metadata": r'{"a":"\u0000"}'}, "a NUL character cannot be stored. Allowed: a JSON object"),
        ({"metadata": r'{"a":"\ud800"}'}, "Allowed: a JSON object"),
        ({"metadata": "[1]"}, "Allowed: a JSON object."),
        ({"expires_at": "2020-01-01T00:00"}, "Allowed: a time to come."),
        ({"content": "Another one."}, "Another memory of the space has this content already."),
    ],
)
def test_an_edit_that_is_not_allowed_is_said_beside_its_field(
    world: World, memory: UUID, changes: dict[str, str], words: str
) -> None:
    remember_in("acme_s1", "Another one.")
    answer = logged_in("alice").post(page_of(memory), fields(**changes))
    assert answer.status_code == 200
    assert escape(words) in answer.content.decode()
    assert read_memory(scope_of("acme_s1"), memory).content == "The first memory of acme_s1."


def test_memories_are_linked_and_unlinked_from_either_end(world: World, memory: UUID) -> None:
    other = remember_in("acme_s1", "Another one.")
    alice = logged_in("alice")
    alice.post(f"{page_of(memory)}link/", {"target": other, "weight": "0.5"})
    with space_tx(scope_of("acme_s1")):
        link = Association.objects.get(kind="explicit")
    assert (link.source_id, link.target_id, link.weight) == (memory, other, 0.5)
    assert 'name="source"' in shown(alice, page_of(other))
    answer = alice.post(f"{page_of(other)}unlink/", {"source": memory}, follow=True)
    assert "The association is taken back." in answer.content.decode()
    assert read_in_full(scope_of("acme_s1"), memory, with_history=False).links == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nonsense", "Enter a valid UUID."),
        (str(UUID(int=7)), "There is no memory 00000000-0000-0000-0000-000000000007 in this space."),
    ],
)
def test_a_link_to_nothing_is_said_beside_its_field(world: World, memory: UUID, target: str, words: str) -> None:
    answer = logged_in("alice").post(f"{page_of(memory)}link/", {"target": target, "weight": "1"})
    assert words in answer.content.decode()


@pytest.mark.parametrize("ends", [{"target": "nonsense"}, {"target": str(uuid4())}, {}])
def test_taking_back_what_is_not_there_is_not_found(world: World, memory: UUID, ends: dict[str, str]) -> None:
    assert logged_in("alice").post(f"{page_of(memory)}unlink/", ends).status_code == 404


def test_a_forgotten_memory_is_gone(world: World, memory: UUID) -> None:
    alice = logged_in("alice")
    answer = alice.post(f"{page_of(memory)}forget/", follow=True)
    assert "The memory is forgotten, with its associations." in answer.content.decode()
    assert alice.get(page_of(memory)).status_code == 404
    with space_tx(scope_of("acme_s1")):
        assert not Memory.objects.filter(id=memory).exists()


def test_somebody_without_a_space_is_told_so(world: World) -> None:
    Space.objects.filter(tenant__slug="acme").update(status="archived")
    assert "No space to look into yet" in shown(logged_in("alice"), "/memories/")


def test_an_expiry_with_seconds_is_not_taken_for_a_change(world: World) -> None:
    until = datetime(2100, 1, 1, 12, 30, 45, tzinfo=UTC)
    memory = remember_in("acme_s1", "It ends.", expires_at=until)
    alice = logged_in("alice")
    same = {"content": "It ends.", "confidence": "1.0", "metadata": "{}", "expires_at": "2100-01-01T12:30"}
    alice.post(page_of(memory), {**same, "kind": "note", **hidden(shown(alice, page_of(memory)))})
    changed = read_memory(scope_of("acme_s1"), memory)
    assert (changed.kind, changed.expires_at) == ("note", until)
