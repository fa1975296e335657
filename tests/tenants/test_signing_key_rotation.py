"""A new signing key in the place of an old one."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from tenants.models import SigningKey
from tests.memory.space_api import problems
from tests.tenants.backends import Backend, bearer, ed25519_key, pem
from tests.tenants.control_api import ControlApi, trail

UNKNOWN = "00000000-0000-7000-8000-000000000000"
HS256 = {"name": "backend", "algorithm": "HS256"}


def status_of(key: Any, secret: Any = None) -> int:
    """How a token is answered that is signed with a key as it was registered."""
    token = Backend(key["kid"], key["algorithm"], secret or key["secret"]).token()
    return int(bearer(token).get("/api/v1/spaces/acme_s1/memories/").status_code)


def test_a_key_is_read_as_it_is_listed(alice: ControlApi) -> None:
    key_id = alice.made("signing-keys/", HS256)["id"]
    answer = alice.get(f"signing-keys/{key_id}/")
    assert answer.status_code == 200
    assert [answer.json()] == alice.listed("signing-keys/")


def test_a_new_secret_takes_the_old_ones_place_under_its_name(alice: ControlApi) -> None:
    old = alice.made("signing-keys/", {**HS256, "expires_at": "2100-01-01T00:00:00Z"})
    assert status_of(old) == 200
    new = alice.made(f"signing-keys/{old['id']}/rotate/", {})
    assert [new[field] for field in ("name", "algorithm", "expires_at")] == ["backend", "HS256", "2100-01-01T00:00:00Z"]
    assert new["kid"] != old["kid"]
    assert new["secret"] != old["secret"]
    assert (status_of(old), status_of(new)) == (401, 200)
    assert status_of(new, secret=old["secret"]) == 401


def test_a_new_public_key_takes_the_old_ones_place(alice: ControlApi) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    old = alice.made("signing-keys/", {"name": "backend", "algorithm": "EdDSA", "public_key": pem(first)})
    new = alice.made(f"signing-keys/{old['id']}/rotate/", {"public_key": pem(second)})
    assert (new["public_key"], new["secret"]) == (pem(second), None)
    assert (status_of(old, first), status_of(new, first), status_of(new, second)) == (401, 401, 200)


def test_during_grace_both_sign_and_after_it_the_new_one(alice: ControlApi) -> None:
    old = alice.made("signing-keys/", HS256)
    new = alice.made(f"signing-keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    assert (status_of(old), status_of(new)) == (200, 200)
    SigningKey.objects.filter(id=old["id"]).update(expires_at=timezone.now())
    assert (status_of(old), status_of(new)) == (401, 200)


@pytest.mark.parametrize(
    ("algorithm", "body", "problem"),
    [
        ("EdDSA", {}, ("required", "public_key")),
        ("EdDSA", {"public_key": "not PEM"}, ("malformed_key", "public_key")),
        ("HS256", {"public_key": "mine"}, ("invalid", "public_key")),
        ("HS256", {"grace_seconds": 86_401}, ("max_value", "grace_seconds")),
        ("HS256", {"expires_at": "2020-01-01T00:00:00Z"}, ("invalid", "expires_at")),
        ("HS256", {"algorithm": "EdDSA"}, ("unknown_field", "algorithm")),
    ],
)
def test_a_field_that_is_not_valid_is_named_and_the_old_key_stays(
    alice: ControlApi, algorithm: str, body: Any, problem: tuple[str, str]
) -> None:
    keys = {"EdDSA": {"public_key": pem(Ed25519PrivateKey.generate())}, "HS256": {}}
    old = alice.made("signing-keys/", {"name": "backend", "algorithm": algorithm, **keys[algorithm]})
    answer = alice.post(f"signing-keys/{old['id']}/rotate/", body)
    assert answer.status_code == 400
    assert problems(answer) == [problem]
    (listed,) = alice.listed("signing-keys/")
    assert (listed["revoked_at"], listed["expires_at"]) == (None, None)


def test_one_that_has_ended_is_not_rotated(alice: ControlApi) -> None:
    old = alice.made("signing-keys/", HS256)
    alice.delete(f"signing-keys/{old['id']}/")
    answer = alice.post(f"signing-keys/{old['id']}/rotate/", {})
    assert (answer.status_code, problems(answer)) == (409, [("key_ended", None)])


def test_one_is_rotated_once(alice: ControlApi) -> None:
    old = alice.made("signing-keys/", HS256)
    alice.made(f"signing-keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    again = alice.post(f"signing-keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    assert (again.status_code, problems(again)) == (409, [("key_rotated", None)])
    assert [key["rotated_at"] is None for key in alice.listed("signing-keys/")] == [True, False]


def test_another_tenants_is_not_found_and_stays_as_it_is(alice: ControlApi, charlie: ControlApi) -> None:
    old = alice.made("signing-keys/", HS256)
    for key_id in (old["id"], UNKNOWN):
        assert charlie.get(f"signing-keys/{key_id}/").status_code == 404
        assert charlie.post(f"signing-keys/{key_id}/rotate/", {}).status_code == 404
    assert status_of(old) == 200


def test_reading_and_rotating_are_in_the_trail_and_no_secret(alice: ControlApi) -> None:
    old = alice.made("signing-keys/", HS256)
    alice.get(f"signing-keys/{old['id']}/")
    alice.made(f"signing-keys/{old['id']}/rotate/", {})
    shown = f"backend ({old['kid']})"
    assert trail("acme", "read_signing_key") == [("allowed", shown)]
    assert trail("acme", "rotate_signing_key") == [("allowed", shown)]


def test_its_page_puts_a_new_secret_in_its_place_and_shows_it_once(alice: ControlApi, client: Client) -> None:
    old = alice.made("signing-keys/", HS256)
    client.force_login(get_user_model().objects.get(username="alice"))
    assert "Public key" not in client.get(f"/signing-keys/{old['id']}/").content.decode()
    answer = client.post(f"/signing-keys/{old['id']}/", {"lifetime": "same", "grace": "0"})
    key, secret = answer.context["key"], answer.context["secret"]
    assert secret in answer.content.decode()
    assert (status_of(old), status_of({"kid": key.kid, "algorithm": "HS256"}, secret)) == (401, 200)
    assert secret not in client.get(f"/signing-keys/{key.id}/").content.decode()
    ended = client.post(f"/signing-keys/{old['id']}/", {"lifetime": "same", "grace": "0"})
    assert "has ended; register a new one." in " ".join(ended.context["form"].non_field_errors())


def test_its_page_asks_for_the_public_key_to_put_in_its_place(alice: ControlApi, client: Client) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    old = alice.made("signing-keys/", {"name": "backend", "algorithm": "EdDSA", "public_key": pem(first)})
    client.force_login(get_user_model().objects.get(username="alice"))
    answer = client.post(f"/signing-keys/{old['id']}/", {"lifetime": "same", "grace": "3600"})
    assert "EdDSA needs" in answer.context["form"].errors["public_key"][0]
    answer = client.post(
        f"/signing-keys/{old['id']}/", {"lifetime": "same", "grace": "3600", "public_key": pem(second)}
    )
    assert answer.context["secret"] is None
    new = {"kid": answer.context["key"].kid, "algorithm": "EdDSA"}
    assert (status_of(old, first), status_of(new, second)) == (200, 200)


def test_its_page_does_not_repeat_a_private_key(alice: ControlApi, client: Client) -> None:
    old = alice.made("signing-keys/", {"name": "backend", "algorithm": "EdDSA", "public_key": pem(ed25519_key())})
    client.force_login(get_user_model().objects.get(username="alice"))
    private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    answer = client.post(f"/signing-keys/{old['id']}/", {"lifetime": "same", "grace": "0", "public_key": private})
    assert "must stay with you" in answer.content.decode()
    assert "AAAA" not in answer.content.decode()
