"""Breaking the glass: for a reason, for a while, in one space, in sight of its tenant; and by no other way."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from memory.services.erase import erase
from tenants.callers import INSTALLATION, Actor, Caller, Origin
from tenants.errors import Refused
from tenants.models import BreakGlass, Space
from tenants.scope import SpaceScope
from tenants.services.break_glass import break_glass, glasses_over, open_broken_glass
from tests.tenants.asking import newest_event
from tests.tenants.operators import page, staff, superuser, trail
from tests.world import World, logged_in, remember_in, scope_of

SPACE = "acme_s1"
REASON = "Ticket 4711: recall answers with the wrong year."


@pytest.fixture
def root(world: World) -> Client:
    return superuser()


def _break(client: Client, space: str = "acme_s1", **changes: str) -> str:
    """Break the glass; the address of the page that it leads to."""
    given = {"space": str(Space.objects.get(name=space).pk), "reason": REASON, "minutes": "15", **changes}
    response = client.post(page("breakglass", "add"), given)
    return str(response.headers.get("Location", ""))


def _shown(username: str, address: str) -> str:
    """A page of the dashboard, as somebody sees it."""
    return str(logged_in(username).get(address).content.decode())


def test_a_reason_opens_one_spaces_memories(root: Client) -> None:
    shown = root.get(_break(root)).content.decode()
    assert "The first memory of acme_s1." in shown
    assert "The first memory of acme_s10." not in shown
    assert REASON in shown


def test_the_tenant_sees_who_it_was_and_why_and_every_look(root: Client) -> None:
    opened = _break(root)
    event = newest_event("acme")
    assert (event.actor_kind, event.actor_name, event.action) == ("operator", "root", "break_glass")
    assert (event.space, event.target) == ("acme_s1", f"for 15 minutes: {REASON}")
    root.get(opened)
    root.get(opened)
    assert trail("acme")[:3] == ["list_memories", "list_memories", "break_glass"]
    assert newest_event("acme").actor_name == "root"
    assert trail("globex").count("break_glass") == 0


@pytest.mark.parametrize("reason", ["", "   ", "because"])
def test_a_reason_that_is_none_opens_nothing(root: Client, reason: str) -> None:
    assert _break(root, reason=reason) == ""
    assert BreakGlass.objects.count() == 0
    assert "break_glass" not in trail("acme")


def test_another_time_than_is_offered_opens_nothing(root: Client) -> None:
    assert _break(root, minutes="600") == ""


def test_it_ends_by_itself(root: Client) -> None:
    opened = _break(root)
    BreakGlass.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = root.get(opened, follow=True).content.decode()
    assert "This access has ended." in answer
    assert "The first memory" not in answer


def test_it_is_closed_before_its_time(root: Client) -> None:
    opened = _break(root)
    close = opened.replace("/memories/", "/close/")
    assert root.get(close).status_code == 405
    root.post(close)
    assert newest_event("acme").action == "close_glass"
    root.post(close)
    assert trail("acme").count("close_glass") == 1
    assert "The first memory" not in root.get(opened, follow=True).content.decode()


def test_another_operator_has_to_break_it_too(root: Client) -> None:
    opened = _break(root)
    other = staff("olga", "Operators")
    assert other.get(opened).status_code == 404
    assert other.post(opened.replace("/memories/", "/close/")).status_code == 404
    assert "The first memory of acme_s1." in other.get(_break(other)).content.decode()


def test_support_sees_that_it_was_broken_and_nothing_behind_it(root: Client) -> None:
    opened = _break(root)
    support = staff("sam", "Support")
    listed = support.get(page("breakglass", "changelist")).content.decode()
    assert REASON in listed
    assert support.get(opened).status_code == 403
    assert support.get(page("breakglass", "change", BreakGlass.objects.get().pk)).status_code == 200
    assert support.post(page("breakglass", "add"), {}).status_code == 403


def test_who_lost_the_right_since_is_shown_nothing(world: World) -> None:
    clerk = staff("olga", "Operators")
    opened = _break(clerk)
    BreakGlass.objects.get().operator.groups.clear()
    assert clerk.get(opened).status_code == 403


def test_the_list_goes_on_to_older_memories(root: Client) -> None:
    for number in range(21):
        remember_in("acme_s1", f"Number {number}.")
    opened = _break(root)
    first = root.get(opened)
    older = root.get(opened, {"after": first.context["next"]}).content.decode()
    assert "The first memory of acme_s1." not in first.content.decode()
    assert "The first memory of acme_s1." in older
    assert "is not one that a list gave" in root.get(opened, {"after": "nonsense"}, follow=True).content.decode()


def test_a_memory_is_shown_as_text_whatever_it_says(root: Client) -> None:
    remember_in("acme_s1", "<script>alert('from a memory')</script>", session="<img src=x onerror=alert(1)>")
    shown = root.get(_break(root)).content.decode()
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_its_scope_reads_and_writes_nothing(world: World) -> None:
    user = get_user_model().objects.create_superuser("root")
    caller = Caller(INSTALLATION, Actor("operator", str(user.pk), "root"), {}, Origin())
    broken = break_glass(caller, "acme_s1", REASON, 15)
    _, scope = open_broken_glass(caller, broken.id)
    assert scope.permissions == {"read"}
    with pytest.raises(Refused):
        scope.require("write")


def test_the_tenants_admins_are_told_on_every_page_as_long_as_it_is_open(root: Client) -> None:
    opened = _break(root)
    pages = ["/", "/spaces/", "/audit/", f"/memories/?space={SPACE}"]
    assert all(REASON in _shown("alice", address) for address in pages)
    assert "Operators reading your memories" in _shown("alice", "/keys/")
    assert "Operators reading your memories" not in _shown("bob", "/spaces/")
    assert "Operators reading your memories" not in _shown("charlie", "/spaces/")
    root.post(opened.replace("/memories/", "/close/"))
    assert "Operators reading your memories" not in _shown("alice", "/spaces/")


def test_an_admin_who_was_away_is_told_afterwards(root: Client) -> None:
    _break(root)
    BreakGlass.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "could read <strong>acme_s1</strong>" in _shown("alice", "/")
    assert REASON in _shown("alice", "/")
    assert REASON not in _shown("bob", "/")
    BreakGlass.objects.update(expires_at=timezone.now() - timedelta(days=8))
    assert "could read" not in _shown("alice", "/")


def test_a_glass_that_was_closed_late_ended_when_it_expired(root: Client) -> None:
    _break(root)
    long_ago = timezone.now() - timedelta(days=8)
    BreakGlass.objects.update(expires_at=long_ago, closed_at=timezone.now())
    assert glasses_over(Space.objects.get(name=SPACE).tenant_id, timezone.now() - timedelta(days=7)) == []


def test_an_access_stays_on_record_when_its_space_is_erased(root: Client) -> None:
    opened = _break(root)
    assert logged_in("alice").delete(f"/api/v1/spaces/{SPACE}/").status_code == 202
    assert erase(SpaceScope.for_erasure(Space.objects.get(name=SPACE).id))
    listed = root.get(page("breakglass", "changelist")).content.decode()
    assert [word in listed for word in (SPACE, "acme", "root", "Ticket 4711")] == [True] * 4
    assert root.get(page("breakglass", "change", BreakGlass.objects.get().pk)).status_code == 200
    assert root.get(opened).status_code == 404
    assert REASON in _shown("alice", "/spaces/")
    root.post(opened.replace("/memories/", "/close/"))
    assert (newest_event("acme").action, newest_event("acme").space) == ("close_glass", SPACE)


def test_who_broke_the_glass_is_not_deleted_with_the_record_of_it(root: Client) -> None:
    _break(root)
    operator = BreakGlass.objects.get().operator
    with pytest.raises(ProtectedError):
        operator.delete()


def test_a_reason_is_shown_as_text_whatever_it_says(root: Client) -> None:
    _break(root, reason="<script>alert('from a reason')</script>")
    assert "<script>alert" not in _shown("alice", "/")


def test_members_and_keys_break_no_glass(world: World) -> None:
    member = scope_of("acme_s1")
    caller = Caller(member.tenant_id, member.actor, None, member.origin)
    with pytest.raises(Refused):
        break_glass(caller, "acme_s1", REASON, 15)
