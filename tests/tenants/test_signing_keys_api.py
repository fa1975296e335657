"""Signing keys, as a tenant's admins register and revoke them."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import LazySettings

from tenants.models import SigningKey
from tenants.sealing import SealBroken, seal, unseal
from tests.memory.space_api import detail, problems
from tests.tenants.backends import private_pem
from tests.tenants.control_api import ControlApi, trail
from tests.world import with_login_token

UNKNOWN = "00000000-0000-7000-8000-000000000000"
HS256 = {"name": "backend", "algorithm": "HS256"}


def public_pem(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def rsa_key(bits: int) -> Any:
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def statuses(caller: ControlApi, key_id: str) -> set[int]:
    """How all that can be done with signing keys is answered to somebody."""
    answers = [
        caller.get("signing-keys/"),
        caller.post("signing-keys/", HS256),
        caller.delete(f"signing-keys/{key_id}/"),
    ]
    return {answer.status_code for answer in answers}


def test_a_secret_is_drawn_for_hs256_and_shown_once(alice: ControlApi) -> None:
    made = alice.made("signing-keys/", HS256)
    assert len(made["secret"]) == 86
    assert made["kid"].startswith("sk_")
    assert len(made["kid"]) == 15
    (listed,) = alice.listed("signing-keys/")
    assert "secret" not in listed
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert listed["public_key"] is None


def test_a_secret_is_stored_sealed(alice: ControlApi) -> None:
    secret = alice.made("signing-keys/", HS256)["secret"]
    material = SigningKey.objects.get().material
    assert secret not in material
    assert unseal(material) == secret.encode()


def test_two_secrets_differ(alice: ControlApi) -> None:
    assert alice.made("signing-keys/", HS256)["secret"] != alice.made("signing-keys/", HS256)["secret"]


def test_a_public_key_is_registered_for_each_asymmetric_algorithm(alice: ControlApi) -> None:
    pems = {"RS256": public_pem(rsa_key(2048)), "EdDSA": public_pem(ed25519.Ed25519PrivateKey.generate())}
    made = [
        alice.made("signing-keys/", {"name": algorithm, "algorithm": algorithm, "public_key": pem})
        for algorithm, pem in pems.items()
    ]
    assert [key["public_key"] for key in made] == list(pems.values())
    assert [key["secret"] for key in made] == [None, None]
    assert [key["name"] for key in alice.listed("signing-keys/")] == ["EdDSA", "RS256"]


def test_a_short_rsa_key_is_refused(alice: ControlApi) -> None:
    answer = alice.post("signing-keys/", {"name": "x", "algorithm": "RS256", "public_key": public_pem(rsa_key(1024))})
    assert answer.status_code == 400
    assert problems(answer) == [("weak_key", "public_key")]
    assert detail(answer) == (
        "'public_key' is an RSA key of 1,024 bits; allowed: an RSA public key of 2,048 bits or more, in PEM."
    )


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", ed25519.Ed25519PrivateKey.generate()),
        ("RS256", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", rsa_key(2048)),
    ],
)
def test_a_key_of_another_kind_is_refused(alice: ControlApi, algorithm: str, key: Any) -> None:
    answer = alice.post("signing-keys/", {"name": "x", "algorithm": algorithm, "public_key": public_pem(key)})
    assert answer.status_code == 400
    assert problems(answer) == [("wrong_key", "public_key")]


def test_a_private_key_is_refused_and_not_said_back(alice: ControlApi) -> None:
    pem = private_pem(ed25519.Ed25519PrivateKey.generate())
    answer = alice.post("signing-keys/", {"name": "x", "algorithm": "EdDSA", "public_key": pem})
    assert answer.status_code == 400
    assert problems(answer) == [("private_key", "public_key")]
    assert pem.splitlines()[1] not in answer.content.decode()
    assert not SigningKey.objects.exists()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"algorithm": "RS256"}, ("required", "public_key")),
        ({"algorithm": "EdDSA"}, ("required", "public_key")),
        ({"algorithm": "EdDSA", "public_key": "not PEM"}, ("malformed_key", "public_key")),
        ({"algorithm": "EdDSA", "public_key": "x" * 10_001}, ("max_length", "public_key")),
        ({"algorithm": "HS256", "public_key": "mine"}, ("invalid", "public_key")),
        ({"algorithm": "none"}, ("invalid_choice", "algorithm")),
        ({"algorithm": "ES256"}, ("invalid_choice", "algorithm")),
        ({"algorithm": "HS256", "secret": "mine"}, ("unknown_field", "secret")),
        ({"algorithm": "HS256", "expires_at": "2020-01-01T00:00:00Z"}, ("invalid", "expires_at")),
    ],
)
def test_a_field_that_is_not_valid_is_named(alice: ControlApi, body: Any, problem: tuple[str, str]) -> None:
    answer = alice.post("signing-keys/", {"name": "x", **body})
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_revoking_twice_keeps_the_first_time(alice: ControlApi) -> None:
    path = f"signing-keys/{alice.made('signing-keys/', HS256)['id']}/"
    assert alice.delete(path).status_code == 204
    (revoked,) = alice.listed("signing-keys/")
    assert revoked["revoked_at"] is not None
    assert alice.delete(path).status_code == 204
    assert alice.listed("signing-keys/") == [revoked]


def test_another_tenants_signing_key_is_neither_seen_nor_revoked(alice: ControlApi, charlie: ControlApi) -> None:
    key_id = alice.made("signing-keys/", HS256)["id"]
    assert charlie.listed("signing-keys/") == []
    assert charlie.delete(f"signing-keys/{key_id}/").status_code == 404
    assert charlie.delete(f"signing-keys/{UNKNOWN}/").status_code == 404
    assert alice.listed("signing-keys/")[0]["revoked_at"] is None


def test_signing_keys_are_for_admins_alone(
    alice: ControlApi, bob: ControlApi, application: ControlApi, nobody: ControlApi
) -> None:
    key_id = alice.made("signing-keys/", HS256)["id"]
    assert statuses(bob, key_id) == {403}
    assert statuses(ControlApi(with_login_token("bob")), key_id) == {403}
    assert statuses(application, key_id) == {403}
    assert statuses(nobody, key_id) == {401}


def test_what_is_done_to_signing_keys_is_in_the_trail(alice: ControlApi) -> None:
    made = alice.made("signing-keys/", HS256)
    alice.delete(f"signing-keys/{made['id']}/")
    shown = f"backend ({made['kid']})"
    assert trail("acme", "create_signing_key") == [("allowed", shown)]
    assert trail("acme", "revoke_signing_key") == [("allowed", shown)]


def test_a_seal_opens_to_what_was_sealed_and_never_looks_the_same() -> None:
    assert unseal(seal(b"secret")) == b"secret"
    assert seal(b"secret") != seal(b"secret")


def test_a_seal_does_not_open_under_another_secret_key(settings: LazySettings) -> None:
    sealed = seal(b"secret")
    settings.SECRET_KEY = "another"
    with pytest.raises(SealBroken, match="ENGRAM_SECRET_KEY"):
        unseal(sealed)


def test_an_altered_seal_does_not_open() -> None:
    sealed = seal(b"secret")
    with pytest.raises(SealBroken):
        unseal(f"{sealed[:-4]}AAA=")
