"""What workers ask of the control plane."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import DeadLetter, RefreshToken, Space
from tenants.services.tenants import suspend_tenant
from tenants.services.upkeep import active_space_ids
from tenants.services.work import keep_dead_letter
from tenants.tasks import drop_expired_refresh_tokens, drop_expired_sessions, drop_old_failures
from tenants.tokens import read_refresh
from tests.tenants.asking import REFRESH, ask, pair
from tests.world import World, logged_in


def test_spaces_take_turns_by_tenant(world: World) -> None:
    owners = [Space.objects.get(id=space_id).tenant.slug for space_id in active_space_ids()]
    assert sorted(owners[:2]) == ["acme", "globex"]
    assert owners[2:] == ["acme", "acme"]


def test_no_tenant_always_goes_first(world: World) -> None:
    first = {Space.objects.get(id=active_space_ids()[0]).tenant.slug for _ in range(40)}
    assert first == {"acme", "globex"}


def test_spaces_that_are_closed_or_of_a_suspended_tenant_have_no_turn(world: World) -> None:
    Space.objects.filter(name="acme_s10").update(status=Space.Status.ARCHIVED)
    Space.objects.filter(name="acme_shared").update(status=Space.Status.ERASING)
    suspend_tenant(operator("tests"), "globex")
    assert [Space.objects.get(id=space_id).name for space_id in active_space_ids()] == ["acme_s1"]


def test_refresh_tokens_that_have_ended_are_dropped_and_the_others_stay(world: World) -> None:
    ended, live = (pair(APIClient(), api_key=world.keys["acme_s1"]) for _ in range(2))
    RefreshToken.objects.filter(pk=read_refresh(ended["refresh"])).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert drop_expired_refresh_tokens() == 1
    assert ask(APIClient(), REFRESH, refresh=ended["refresh"]).status_code == 401
    assert ask(APIClient(), REFRESH, refresh=live["refresh"]).status_code == 200


def test_sessions_that_have_ended_are_dropped_and_the_others_stay(world: World) -> None:
    ended, live = logged_in("alice"), logged_in("bob")
    Session.objects.filter(session_key=ended.session.session_key).update(expire_date=timezone.now())
    assert drop_expired_sessions() == 1
    assert live.get("/api/v1/auth/whoami/").status_code == 200


def test_failed_tasks_are_kept_for_thirty_days(database: None) -> None:
    for days in (29, 31):
        keep_dead_letter("a.task", [], ValueError(), attempts=1)
        at = timezone.now() - timedelta(days=days)
        DeadLetter.objects.filter(id=DeadLetter.objects.latest("failed_at").id).update(failed_at=at)
    assert drop_old_failures() == 1
    assert DeadLetter.objects.count() == 1
