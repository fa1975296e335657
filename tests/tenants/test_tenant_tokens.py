"""Tokens that a tenant's backend signs with its own registered key: what they open, and for how long."""

import time
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.services.events import recent_events
from tenants.callers import operator
from tenants.models import Grant, SigningKey, Space, Tenant
from tenants.services.tenants import suspend_tenant
from tests.limits import refusals
from tests.memory.space_api import SpaceApi, detail, problems
from tests.tenants.backends import (
    HOUR,
    REFUSED,
    SECRET,
    Backend,
    answer_to,
    bearer,
    claiming,
    refusal_of,
    usual,
    with_ed25519,
    with_rsa,
    with_secret,
)
from tests.world import World


@pytest.mark.parametrize("registered", [with_secret, with_rsa, with_ed25519])
def test_a_token_signed_with_a_registered_key_reads_and_writes_the_tenants_space(
    world: World, registered: Callable[[], Backend]
) -> None:
    space = SpaceApi("acme_s1", bearer(registered().token()))
    memory_id = space.remember("Said by a user of the tenant.")
    assert space.listed() == [memory_id, world.memories["acme_s1"]]


def test_a_token_does_what_its_permissions_say_and_no_more(world: World) -> None:
    reader = SpaceApi("acme_s1", bearer(with_secret().token(permissions=["read"])))
    assert reader.get("memories/").status_code == 200
    answer = reader.post("memories/", {"content": "Not for this user."})
    assert (answer.status_code, problems(answer)) == (403, [("permission_denied", None)])


def test_a_token_covers_the_one_space_that_it_names(world: World) -> None:
    token = with_secret().token()
    assert refusal_of(token, "acme_s10") == refusal_of(token, "no_such_space") == (403, "space_not_covered")


def test_the_caller_is_shown_as_the_tenants_subject(world: World) -> None:
    shown = bearer(with_secret().token()).get("/api/v1/auth/whoami/").json()
    assert shown["tenant"] == "acme"
    assert (shown["actor"]["kind"], shown["actor"]["name"]) == ("subject", "user-17")
    assert list(shown["spaces"]) == ["acme_s1"]


def test_the_audit_trail_names_the_subject(world: World) -> None:
    answer_to(with_secret().token(sub="Zoë of accounts"))
    (event,) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.actor_kind, event.actor_name, event.outcome) == ("subject", "Zoë of accounts", "allowed")


def test_the_audit_trail_names_the_subject_of_a_refusal(world: World) -> None:
    answer_to(with_secret().token(), "acme_s10")
    (event,) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.actor_kind, event.actor_name) == ("subject", "user-17")
    assert refusals("acme") == [("list_memories", "acme_s10", "denied", "403 space_not_covered")]


def test_two_subjects_do_not_share_an_idempotency_key(world: World) -> None:
    backend = with_secret()
    one, two = [SpaceApi("acme_s1", bearer(backend.token(sub=sub))) for sub in ("user-1", "user-2")]
    assert one.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201
    assert two.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 201


def test_our_audience_may_be_one_among_others(world: World) -> None:
    assert answer_to(with_secret().token(aud=["billing", "engram-api"])).status_code == 200


def test_half_a_minute_between_two_clocks_is_forgiven(world: World) -> None:
    backend, now = with_secret(), int(time.time())
    assert answer_to(backend.token(exp=now - 20)).status_code == 200
    assert answer_to(backend.token(nbf=now + 20)).status_code == 200


def test_a_token_may_live_for_a_day(world: World) -> None:
    assert answer_to(with_secret().token(exp=int(time.time()) + 24 * HOUR)).status_code == 200


def test_a_subject_may_be_any_text_on_a_line(world: World) -> None:
    backend = with_secret()
    subjects = ["user-17", "a:b:c", "Ωμέγα 🧠", "u" * 150, "'; drop table x; --", "%s"]
    assert [answer_to(backend.token(sub=subject)).status_code for subject in subjects] == [200] * 6
    events = recent_events(Tenant.objects.get(slug="acme").id, 6)
    assert [event.actor_name for event in reversed(events)] == subjects


def test_another_tenants_space_is_refused_though_it_is_claimed(world: World) -> None:
    token = with_secret().token(memory_space_id="globex_s1")
    assert refusal_of(token, "globex_s1") == (403, "access_withdrawn")


def test_a_space_that_another_tenant_shares_is_refused(world: World) -> None:
    assert Grant.objects.filter(space__name="acme_shared", tenant__slug="globex").exists()
    theirs = with_secret("globex")
    assert answer_to(theirs.token(memory_space_id="globex_s1"), "globex_s1").status_code == 200
    assert refusal_of(theirs.token(memory_space_id="acme_shared"), "acme_shared") == (403, "access_withdrawn")


def test_a_space_that_does_not_exist_is_refused_like_another_tenants(world: World) -> None:
    backend = with_secret()
    names = ("no_such_space", "globex_s1")
    nowhere, foreign = [answer_to(backend.token(memory_space_id=name), name) for name in names]
    assert (nowhere.status_code, nowhere.json()) == (foreign.status_code, foreign.json())


def test_the_spaces_claim_of_our_own_tokens_says_nothing_here(world: World) -> None:
    token = with_secret().token(spaces={"acme_s10": ["read"], "globex_s1": ["read"]})
    assert refusal_of(token, "acme_s10") == refusal_of(token, "globex_s1") == (403, "space_not_covered")
    assert refusal_of(claiming(memory_space_id=None, spaces={"acme_s1": ["read"]})) == REFUSED


def test_the_tenant_claim_of_our_own_tokens_says_nothing_here(world: World) -> None:
    globex = str(Tenant.objects.get(slug="globex").id)
    token = with_secret().token(tenant=globex, iss="engram", token_type="access", memory_space_id="globex_s1")
    assert refusal_of(token, "globex_s1") == (403, "access_withdrawn")


def test_an_archived_space_is_refused(world: World) -> None:
    token = with_secret().token()
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ARCHIVED)
    assert refusal_of(token) == (403, "space_archived")


def test_a_suspended_tenants_tokens_are_refused(world: World) -> None:
    token = with_secret().token()
    suspend_tenant(operator("tests"), "acme")
    assert refusal_of(token) == (403, "tenant_suspended")


def test_the_tenants_administration_is_closed_to_its_users(world: World) -> None:
    client = bearer(with_secret().token(permissions=["read", "write", "manage"]))
    assert [client.get(f"/api/v1/{path}/").status_code for path in ("keys", "signing-keys", "members")] == [403] * 3


def test_a_key_that_nobody_registered_is_refused(world: World) -> None:
    with_secret()
    assert refusal_of(Backend("sk_unknown", "HS256", SECRET).token()) == REFUSED


def test_a_token_that_names_no_key_is_not_taken_for_a_tenants(world: World) -> None:
    with_secret()
    assert refusal_of(jwt.encode(usual(), SECRET, "HS256")) == REFUSED


def test_a_revoked_key_ends_its_tokens_at_the_next_request(world: World) -> None:
    token = with_secret().token()
    assert answer_to(token).status_code == 200
    SigningKey.objects.update(revoked_at=timezone.now())
    assert refusal_of(token) == REFUSED


def test_an_expired_key_ends_its_tokens(world: World) -> None:
    token = with_secret().token()
    SigningKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert answer_to(token).status_code == 200
    SigningKey.objects.update(expires_at=timezone.now())
    assert refusal_of(token) == REFUSED


def test_a_refusal_does_not_say_whether_there_is_such_a_key(world: World) -> None:
    revoked, unknown = with_secret(), Backend("sk_unknown", "HS256", SECRET)
    SigningKey.objects.update(revoked_at=timezone.now())
    assert answer_to(revoked.token()).json() == answer_to(unknown.token()).json()


def test_a_refusal_repeats_nothing_of_the_token(world: World) -> None:
    said = detail(answer_to(with_secret().token(aud="somebody-else")))
    assert said == "The token is not valid, or has expired."


def test_a_tenants_token_cannot_be_exchanged_for_one_of_ours(world: World) -> None:
    token = with_secret().token()
    as_refresh = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": token}, format="json")
    as_key = APIClient().post("/api/v1/auth/token/", {"api_key": token}, format="json")
    assert (as_refresh.status_code, as_key.status_code) == (401, 400)
