"""What workers ask of the control plane."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import RefreshToken, Space
from tenants.services.tenants import suspend_tenant
from tenants.services.upkeep import active_space_ids
from tenants.tasks import drop_expired_refresh_tokens
from tenants.tokens import read_refresh
from tests.tenants.asking import REFRESH, ask, pair
from tests.world import World


def test_spaces_take_turns_by_tenant(world: World) -> None:
    owners = [Space.objects.get(id=space_id).tenant.slug for space_id in active_space_ids()]
    assert sorted(owners[:2]) == ["acme", "globex"]
    assert owners[2:] == ["acme", "acme"]


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
