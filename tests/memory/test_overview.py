"""The overview's service: what it gathers, for whom, and what it does not count."""

import os
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import events
from audit.services.events import Activity, last_hour
from memory import overview_queries
from memory.models import Memory
from memory.services import overview as overviews
from memory.services.overview import SpaceOverview, overview, view_overview
from tenants.callers import Actor, Caller, Origin, operator
from tenants.errors import AccessWithdrawn, TenantSuspended
from tenants.models import ApiKey, Membership, SigningKey, Space, Tenant
from tenants.operations import Action, record
from tenants.scope import space_tx, tenant_tx
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import suspend_tenant
from tests.world import World, logged_in, remember_in, scope_of


def member(name: str, tenant: str) -> Caller:
    user = get_user_model().objects.get(username=name)
    actor = Actor("member", str(user.pk), name)
    return Caller(Tenant.objects.get(slug=tenant).id, actor, None, Origin(request_id="overview-test"))


def below(parent: str, *names: str) -> None:
    for name in names:
        create_space(operator("tests"), NewSpace(name, parent=parent), tenant_slug="acme")


def asked_a_minute(name: str, at: datetime, **operations: int) -> None:
    """What a space was asked in one minute, by outcome, as the roll-up would count it."""
    space_id = Space.objects.get(name=name).id
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for outcome, count in operations.items():
            owner.execute(
                "insert into audit_spaceusage values (%s, 'minute', date_trunc('minute', %s), 'recall', %s, 4, %s, 0)",
                [space_id, at, outcome, count],
            )


def space(caller: Caller, name: str) -> SpaceOverview:
    return next(each for each in overview(caller).spaces if each.name == name)


def test_own_spaces_come_first_then_those_shared_with_the_tenant(world: World) -> None:
    seen = overview(member("charlie", "globex"))
    assert [(each.name, each.is_own, each.is_writable) for each in seen.spaces] == [
        ("globex_s1", True, True),
        ("acme_shared", False, False),
    ]
    assert (seen.own_memories, seen.shared_memories) == (1, 1)
    assert (seen.own_spaces, seen.shared_spaces) == (1, 1)


def test_each_space_comes_directly_after_the_one_above_it(world: World) -> None:
    below("acme_s1", "b_child", "a_child")
    below("b_child", "a_grandchild")
    names = [each.name for each in overview(member("alice", "acme")).spaces]
    assert names == ["acme_s1", "a_child", "b_child", "a_grandchild", "acme_s10", "acme_shared"]
    grandchild = space(member("alice", "acme"), "a_grandchild")
    assert (grandchild.top, grandchild.parent) == ("acme_s1", "b_child")


def test_spaces_in_a_circle_of_parents_are_left_out_and_do_not_hang_it(world: World) -> None:
    below("acme_s1", "a_child")
    Space.objects.filter(name="acme_s1").update(parent=Space.objects.get(name="a_child"))
    assert [space.name for space in overview(member("alice", "acme")).spaces] == ["acme_s10", "acme_shared"]


def test_tiers_are_measured_against_the_spaces_capacity(world: World) -> None:
    remember_in("acme_s1", "A second one.")
    tiers = space(member("alice", "acme"), "acme_s1").tiers
    assert [(use.tier, use.memories, use.capacity) for use in tiers] == [
        ("hot", 2, 100_000),
        ("warm", 0, 1_000_000),
        ("cold", 0, 10_000_000),
    ]


@pytest.mark.parametrize("status", ["archived", "erasing"])
def test_a_space_that_is_not_open_is_listed_and_not_counted(world: World, status: str) -> None:
    Space.objects.filter(name="acme_s1").update(status=status)
    closed = space(member("alice", "acme"), "acme_s1")
    assert (closed.status, closed.glance, closed.tiers) == (status, None, [])


def test_a_shared_space_of_a_suspended_owner_is_not_counted(world: World) -> None:
    suspend_tenant(operator("tests"), "acme")
    assert space(member("charlie", "globex"), "acme_shared").glance is None


def test_beyond_a_number_of_spaces_none_is_counted_and_it_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overviews, "MOST_COUNTED", 2)
    seen = overview(member("alice", "acme"))
    assert seen.is_counted_in_part
    assert [each.glance is None for each in seen.spaces] == [False, False, True]


def test_of_more_spaces_than_a_page_shows_it_names_the_fullest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overviews, "MOST_SHOWN", 3)
    monkeypatch.setattr(overviews, "FULLEST", 2)
    below("acme_s10", "acme_child")
    remember_in("acme_child", "One.")
    remember_in("acme_child", "Another.")
    seen = overview(member("alice", "acme"))
    assert (seen.is_cut, seen.all_spaces, seen.own_memories) == (True, 4, 5)
    assert [(each.name, each.path) for each in seen.spaces] == [
        ("acme_child", ("acme_child",)),
        ("acme_s1", ("acme_s1",)),
    ]


def test_it_asks_as_little_of_many_spaces_as_of_few(world: World) -> None:
    alice = member("alice", "acme")
    with CaptureQueriesContext(connection) as few:
        overview(alice)
    below("acme_s1", *(f"acme_child_{number}" for number in range(20)))
    with CaptureQueriesContext(connection) as many:
        seen = overview(alice)
    assert len(seen.spaces) == 23
    assert len(many) == len(few)


def test_looking_at_many_spaces_leaves_the_transaction_bound_as_it_was(world: World) -> None:
    scope = scope_of("acme_s1")
    others = list(Space.objects.exclude(name="acme_s1").values_list("id", flat=True))
    with space_tx(scope):
        overview_queries.glance(others, timezone.now())
        overview_queries.pulse(others, timezone.now())
        assert Memory.objects.filter(space_id=scope.space_id).count() == 1
        assert Memory.objects.exclude(space_id=scope.space_id).count() == 0


def test_what_needs_attention_is_gathered(world: World) -> None:
    alice = member("alice", "acme")
    assert not overview(alice).attention
    tight = {"hot_capacity_per_space": 1, "warm_capacity_per_space": 1, "cold_capacity_per_space": 1}
    Space.objects.filter(name="acme_s10").update(limits=tight)
    for number in range(2):
        remember_in("acme_s10", f"Number {number}.")
    soon = timezone.now() + timedelta(days=3)
    ApiKey.objects.filter(name="acme_s1").update(expires_at=soon)
    ApiKey.objects.filter(name="acme").update(expires_at=timezone.now() + timedelta(days=30))
    ApiKey.objects.filter(name="globex").update(expires_at=soon)
    needs = overview(alice).attention
    assert [space.name for space in needs.full] == ["acme_s10"]
    assert needs.full[0].percent_full == 100
    assert [key.name for key in needs.keys] == ["acme_s1"]
    assert not overview(member("bob", "acme")).attention.keys


def signing_key(tenant: str, name: str, **fields: datetime) -> None:
    owner = Tenant.objects.get(slug=tenant)
    SigningKey.objects.create(tenant=owner, name=name, kid=f"sk_{name}", algorithm="HS256", material="sealed", **fields)


def test_signing_keys_that_end_before_long_need_attention(world: World) -> None:
    now = timezone.now()
    signing_key("acme", "soon", expires_at=now + timedelta(days=3))
    signing_key("acme", "later", expires_at=now + timedelta(days=30))
    signing_key("acme", "never")
    signing_key("acme", "revoked", expires_at=now + timedelta(days=3), revoked_at=now)
    signing_key("acme", "rotated", expires_at=now + timedelta(days=3), rotated_at=now)
    signing_key("globex", "foreign", expires_at=now + timedelta(days=3))
    assert [key.name for key in overview(member("alice", "acme")).attention.signing_keys] == ["soon"]
    assert not overview(member("bob", "acme")).attention.signing_keys
    page = logged_in("alice").get("/").content.decode()
    assert "The signing key <strong>soon</strong>" in page


def test_a_space_that_turned_calls_away_lately_needs_attention(world: World) -> None:
    asked_a_minute("acme_s1", timezone.now() - timedelta(minutes=5), allowed=90, limited=30)
    asked_a_minute("acme_s1", timezone.now() - timedelta(minutes=9), allowed=60, limited=0)
    asked_a_minute("acme_s10", timezone.now() - timedelta(hours=3), allowed=0, limited=8)
    alice = member("alice", "acme")
    (limited,) = overview(alice).attention.limited
    assert limited.name == "acme_s1"
    assert limited.glance is not None
    assert limited.glance.limited == 30
    assert space(alice, "acme_s1").busiest_rate == 2.0
    assert space(alice, "acme_s10").busiest_rate == 0.0


def test_refusals_are_counted_by_their_reason(world: World) -> None:
    alice = member("alice", "acme")
    with tenant_tx(alice.tenant_id):
        for _ in range(2):
            record(alice, Action.RECALL, outcome="limited", reason="429 rate_limited", space="acme_s1")
        record(alice, Action.RECALL, outcome="limited", reason="429 rate_limited", space="acme_s1", times=40)
        record(alice, Action.FORGET, outcome="denied", reason="403 permission_denied", space="acme_s10")
        record(alice, Action.RECALL)
    found = overview(alice).refusals
    assert [(each.reason, each.action, each.space, each.times) for each in found] == [
        ("429 rate_limited", "recall", "acme_s1", 42),
        ("403 permission_denied", "forget", "acme_s10", 1),
    ]
    assert overview(member("charlie", "globex")).refusals == []
    assert overview(member("bob", "acme")).refusals == []


def test_an_admin_sees_the_last_hours_operations(world: World) -> None:
    alice = member("alice", "acme")
    before = overview(alice).activity
    assert before is not None
    with tenant_tx(alice.tenant_id):
        record(alice, Action.RECALL)
        record(alice, Action.RECALL, outcome="denied")
        record(alice, Action.RECALL, outcome="limited")
    after = overview(alice)
    assert after.activity is not None
    assert after.activity.operations == before.operations + 3
    assert after.activity.refused == before.refused + 2
    assert [event.outcome for event in after.events[:3]] == ["limited", "denied", "allowed"]


def test_an_event_that_stands_for_many_refusals_counts_as_many(world: World) -> None:
    alice = member("alice", "acme")
    before = overview(alice).activity
    assert before is not None
    with tenant_tx(alice.tenant_id):
        record(alice, Action.RECALL, outcome="limited", times=250)
    assert overview(alice).activity == Activity(before.operations + 250, before.refused + 250, is_cut=False)


def test_an_hour_in_which_nothing_was_done_is_empty(database: None) -> None:
    assert last_hour(uuid4()) == Activity(0, 0, is_cut=False)


def test_a_busy_hour_is_counted_up_to_a_number(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_COUNTED", 2)
    activity = overview(member("alice", "acme")).activity
    assert activity is not None
    assert (activity.operations, activity.is_cut) == (2, True)


def test_any_other_member_sees_the_spaces_and_not_the_trail(world: World) -> None:
    seen = overview(member("bob", "acme"))
    assert len(seen.spaces) == 3
    assert (seen.is_admin, seen.activity, seen.events) == (False, None, [])


def test_viewing_it_is_recorded_once_and_gathering_it_is_not(world: World) -> None:
    alice = member("alice", "acme")
    view_overview(alice)
    overview(alice)
    with tenant_tx(alice.tenant_id):
        assert AuditEvent.objects.filter(request_id="overview-test").values_list("action", flat=True).get() == (
            "view_overview"
        )


def test_a_suspended_tenant_has_none(world: World) -> None:
    alice = member("alice", "acme")
    suspend_tenant(operator("tests"), "acme")
    with pytest.raises(TenantSuspended):
        overview(alice)


def test_a_member_who_has_left_has_none(world: World) -> None:
    alice = member("alice", "acme")
    Membership.objects.filter(user__username="alice").delete()
    with pytest.raises(AccessWithdrawn):
        view_overview(alice)
