"""Tokens that a tenant's backend signs with its own registered key, and the ways that such tokens are known to be forged.

The mistakes are those of OWASP's cheat sheet on JSON Web Tokens and of its testing guide (WSTG-SESS-10).
"""

import base64
import hashlib
import hmac
import json
import socket
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from rest_framework.test import APIClient

from audit.services.events import recent_events
from tenants.callers import operator
from tenants.models import Grant, SigningKey, Space, Tenant
from tenants.sealing import seal
from tenants.services.tenants import suspend_tenant
from tests.limits import refusals
from tests.memory.space_api import SpaceApi, detail, problems
from tests.world import World

SECRET = "a-secret-of-the-tenants-backend-that-is-long-enough"
HOUR = 3_600


@cache
def rsa_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2_048)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class Backend:
    """A tenant's backend, which mints tokens for its own users."""

    kid: str
    algorithm: str
    key: Any

    def token(self, header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
        """A token as it should be, but for what is said."""
        usual = {
            "sub": "user-17",
            "memory_space_id": "acme_s1",
            "permissions": ["read", "write"],
            "aud": "engram-api",
            "exp": int(time.time()) + HOUR,
        }
        payload = {name: value for name, value in (usual | claims).items() if name != without}
        return jwt.encode(payload, self.key, self.algorithm, headers={"kid": self.kid, **(header or {})})


def register(backend: Backend, material: str, tenant: str = "acme", **fields: Any) -> Backend:
    SigningKey.objects.create(
        tenant=Tenant.objects.get(slug=tenant),
        name="backend",
        kid=backend.kid,
        algorithm=backend.algorithm,
        material=material,
        **fields,
    )
    return backend


@pytest.fixture
def by_secret(world: World) -> Backend:
    return register(Backend("sk_secret", "HS256", SECRET), seal(SECRET.encode()))


@pytest.fixture
def by_rsa(world: World) -> Backend:
    return register(Backend("sk_rsa", "RS256", rsa_key()), pem(rsa_key()))


@pytest.fixture
def by_ed25519(world: World) -> Backend:
    return register(Backend("sk_ed25519", "EdDSA", ed25519_key()), pem(ed25519_key()))


def client(token: str) -> APIClient:
    bearer = APIClient()
    bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return bearer


def answer_to(token: str, space: str = "acme_s1") -> Any:
    return client(token).get(f"/api/v1/spaces/{space}/memories/")


def outcome(token: str, space: str = "acme_s1") -> tuple[int, str]:
    """The status and code that a token meets."""
    answer = answer_to(token, space)
    return answer.status_code, problems(answer)[0][0]


def forged(header: dict[str, Any], payload: dict[str, Any], key: bytes) -> str:
    """A token put together by hand, signed with HMAC and SHA-256 whatever its header says."""
    parts = [_segment(json.dumps(part).encode()) for part in (header, payload)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _segment(signature)])


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def payload_of(token: str) -> dict[str, Any]:
    payload: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return payload


REFUSED = (401, "invalid_token")


# What is let in.


@pytest.mark.parametrize("signed", ["by_secret", "by_rsa", "by_ed25519"])
def test_a_token_signed_with_a_registered_key_reads_and_writes_the_tenants_space(
    world: World, request: pytest.FixtureRequest, signed: str
) -> None:
    space = SpaceApi("acme_s1", client(request.getfixturevalue(signed).token()))
    memory_id = space.remember("Said by a user of the tenant.")
    assert space.listed() == [memory_id, world.memories["acme_s1"]]


def test_a_token_does_what_its_permissions_say_and_no_more(by_secret: Backend) -> None:
    reader = SpaceApi("acme_s1", client(by_secret.token(permissions=["read"])))
    assert reader.get("memories/").status_code == 200
    answer = reader.post("memories/", {"content": "Not for this user."})
    assert (answer.status_code, problems(answer)) == (403, [("permission_denied", None)])


def test_a_token_covers_the_one_space_that_it_names(by_secret: Backend) -> None:
    assert outcome(by_secret.token(), "acme_s10") == (403, "space_not_covered")
    assert outcome(by_secret.token(), "no_such_space") == (403, "space_not_covered")


def test_the_caller_is_shown_as_the_tenants_subject(by_secret: Backend) -> None:
    shown = client(by_secret.token()).get("/api/v1/auth/whoami/").json()
    assert shown["tenant"] == "acme"
    assert (shown["actor"]["kind"], shown["actor"]["name"]) == ("subject", "user-17")
    assert list(shown["spaces"]) == ["acme_s1"]


def test_the_audit_trail_names_the_subject_and_its_key(by_secret: Backend) -> None:
    answer_to(by_secret.token(sub="Zoë of accounts"))
    (event, *_) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.actor_kind, event.actor_name, event.outcome) == ("subject", "Zoë of accounts", "allowed")


def test_the_audit_trail_names_the_subject_of_a_refusal(by_secret: Backend) -> None:
    answer_to(by_secret.token(), "acme_s10")
    (event, *_) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.actor_kind, event.actor_name, event.outcome) == ("subject", "user-17", "denied")
    assert refusals("acme") == [("list_memories", "acme_s10", "denied", "403 space_not_covered")]


def test_two_subjects_do_not_share_an_idempotency_key(by_secret: Backend) -> None:
    one, two = [SpaceApi("acme_s1", client(by_secret.token(sub=sub))) for sub in ("user-1", "user-2")]
    assert one.post("memories/", {"content": "One."}, Idempotency_Key="k-1").status_code == 201
    assert two.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 201


def test_an_audience_among_others_is_ours(by_secret: Backend) -> None:
    assert answer_to(by_secret.token(aud=["billing", "engram-api"])).status_code == 200


def test_half_a_minute_between_two_clocks_is_forgiven(by_secret: Backend) -> None:
    assert answer_to(by_secret.token(exp=int(time.time()) - 20)).status_code == 200
    assert answer_to(by_secret.token(nbf=int(time.time()) + 20)).status_code == 200


def test_a_token_may_live_for_a_day(by_secret: Backend) -> None:
    assert answer_to(by_secret.token(exp=int(time.time()) + 24 * HOUR)).status_code == 200


# Whose spaces it reaches.


def test_another_tenants_space_is_refused_though_it_is_claimed(by_secret: Backend) -> None:
    assert outcome(by_secret.token(memory_space_id="globex_s1"), "globex_s1") == (403, "access_withdrawn")


def test_a_space_that_another_tenant_shares_is_refused(world: World) -> None:
    assert Grant.objects.filter(space__name="acme_shared", tenant__slug="globex").exists()
    theirs = register(Backend("sk_globex", "HS256", SECRET), seal(SECRET.encode()), "globex")
    assert answer_to(theirs.token(memory_space_id="globex_s1"), "globex_s1").status_code == 200
    assert outcome(theirs.token(memory_space_id="acme_shared"), "acme_shared") == (403, "access_withdrawn")


def test_a_space_that_does_not_exist_is_refused_like_another_tenants(by_secret: Backend) -> None:
    answers = [answer_to(by_secret.token(memory_space_id=name), name) for name in ("no_such_space", "globex_s1")]
    assert answers[0].json() == answers[1].json()


def test_the_spaces_claim_of_our_own_tokens_says_nothing_here(by_secret: Backend) -> None:
    token = by_secret.token(spaces={"acme_s10": ["read"], "globex_s1": ["read"]})
    assert outcome(token, "acme_s10") == outcome(token, "globex_s1") == (403, "space_not_covered")
    assert outcome(by_secret.token(without="memory_space_id", spaces={"acme_s1": ["read"]})) == REFUSED


def test_the_tenant_claim_of_our_own_tokens_says_nothing_here(by_secret: Backend) -> None:
    globex = str(Tenant.objects.get(slug="globex").id)
    token = by_secret.token(tenant=globex, iss="engram", token_type="access", memory_space_id="globex_s1")
    assert outcome(token, "globex_s1") == (403, "access_withdrawn")


def test_an_archived_space_is_refused(by_secret: Backend) -> None:
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ARCHIVED)
    assert outcome(by_secret.token()) == (403, "space_archived")


def test_a_suspended_tenants_tokens_are_refused(by_secret: Backend) -> None:
    suspend_tenant(operator("tests"), "acme")
    assert outcome(by_secret.token()) == (403, "tenant_suspended")


@pytest.mark.parametrize("path", ["keys/", "signing-keys/", "members/"])
def test_the_tenants_administration_is_closed_to_its_users(by_secret: Backend, path: str) -> None:
    assert client(by_secret.token(permissions=["read", "write", "manage"])).get(f"/api/v1/{path}").status_code == 403


# A key that stands.


def test_a_key_that_nobody_registered_is_refused(by_secret: Backend) -> None:
    assert outcome(Backend("sk_unknown", "HS256", SECRET).token()) == REFUSED


def test_a_token_that_names_no_key_is_not_taken_for_a_tenants(by_secret: Backend) -> None:
    token = jwt.encode(payload_of(by_secret.token()), SECRET, "HS256")
    assert outcome(token) == REFUSED


def test_a_revoked_key_ends_its_tokens_at_the_next_request(by_secret: Backend) -> None:
    token = by_secret.token()
    assert answer_to(token).status_code == 200
    SigningKey.objects.update(revoked_at=timezone.now())
    assert outcome(token) == REFUSED


def test_an_expired_key_ends_its_tokens(by_secret: Backend) -> None:
    token = by_secret.token()
    SigningKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert answer_to(token).status_code == 200
    SigningKey.objects.update(expires_at=timezone.now())
    assert outcome(token) == REFUSED


def test_a_refusal_does_not_say_whether_there_is_such_a_key(by_secret: Backend) -> None:
    SigningKey.objects.update(revoked_at=timezone.now())
    assert answer_to(by_secret.token()).json() == answer_to(Backend("sk_unknown", "HS256", SECRET).token()).json()


def test_a_refusal_repeats_nothing_of_the_token(by_secret: Backend) -> None:
    answer = answer_to(by_secret.token(sub="user-17", aud="somebody-else"))
    assert answer.status_code == 401
    assert "user-17" not in detail(answer)
    assert "sk_secret" not in detail(answer)


# The mistakes that are known.


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_the_algorithm_none_is_refused(by_secret: Backend, algorithm: str) -> None:
    payload = payload_of(by_secret.token())
    header = {"alg": algorithm, "typ": "JWT", "kid": "sk_secret"}
    unsigned = forged(header, payload, b"").rsplit(".", 1)[0] + "."
    assert outcome(unsigned) == outcome(forged(header, payload, SECRET.encode())) == REFUSED


def test_a_header_without_an_algorithm_is_refused(by_secret: Backend) -> None:
    assert outcome(forged({"kid": "sk_secret"}, payload_of(by_secret.token()), SECRET.encode())) == REFUSED


def test_a_changed_payload_is_refused(by_secret: Backend) -> None:
    header, _, signature = by_secret.token(permissions=["read"]).split(".")
    payload = by_secret.token(permissions=["read", "write", "manage"]).split(".")[1]
    assert outcome(f"{header}.{payload}.{signature}") == REFUSED


def test_a_signature_that_is_cut_off_is_refused(by_secret: Backend) -> None:
    token = by_secret.token()
    assert outcome(token.rsplit(".", 1)[0] + ".") == outcome(token[:-4]) == REFUSED


def test_a_signature_by_another_secret_is_refused(by_secret: Backend) -> None:
    assert outcome(Backend("sk_secret", "HS256", "x" * 40).token()) == REFUSED


@pytest.mark.parametrize("guess", [b"", b"\0", b"secret", b"null", b"sk_secret"])
def test_a_signature_by_a_guessed_secret_is_refused(by_secret: Backend, guess: bytes) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    assert outcome(forged(header, payload_of(by_secret.token()), guess)) == REFUSED


def test_the_stored_form_of_a_secret_is_not_the_secret(by_secret: Backend) -> None:
    stored = SigningKey.objects.get(kid="sk_secret").material
    header = {"alg": "HS256", "kid": "sk_secret"}
    assert SECRET not in stored
    assert outcome(forged(header, payload_of(by_secret.token()), stored.encode())) == REFUSED


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_a_public_key_is_not_taken_for_a_shared_secret(by_rsa: Backend, algorithm: str, ending: str) -> None:
    header = {"alg": algorithm, "kid": "sk_rsa"}
    secret = pem(rsa_key()).strip() + ending
    assert outcome(forged(header, payload_of(by_rsa.token()), secret.encode())) == REFUSED


def test_an_ed25519_public_key_is_not_taken_for_a_shared_secret(by_ed25519: Backend) -> None:
    header = {"alg": "HS256", "kid": "sk_ed25519"}
    assert outcome(forged(header, payload_of(by_ed25519.token()), pem(ed25519_key()).encode())) == REFUSED


def test_a_shared_secret_is_not_taken_for_a_public_key(by_secret: Backend, by_rsa: Backend) -> None:
    assert outcome(Backend("sk_secret", "RS256", rsa_key()).token()) == REFUSED


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_of_the_same_family_is_refused(by_secret: Backend, algorithm: str) -> None:
    long = SECRET * 2
    SigningKey.objects.update(material=seal(long.encode()))
    assert answer_to(Backend("sk_secret", "HS256", long).token()).status_code == 200
    assert outcome(Backend("sk_secret", algorithm, long).token()) == REFUSED


@pytest.mark.parametrize("algorithm", ["PS256", "RS512"])
def test_another_algorithm_for_the_same_rsa_key_is_refused(by_rsa: Backend, algorithm: str) -> None:
    assert outcome(Backend("sk_rsa", algorithm, rsa_key()).token()) == REFUSED


def test_one_key_does_not_sign_for_another(by_secret: Backend, by_rsa: Backend, by_ed25519: Backend) -> None:
    assert outcome(Backend("sk_rsa", "EdDSA", ed25519_key()).token()) == REFUSED
    assert outcome(Backend("sk_ed25519", "RS256", rsa_key()).token()) == REFUSED


def test_a_key_that_the_token_brings_along_is_ignored(by_rsa: Backend) -> None:
    attacker = generate_private_key(public_exponent=65_537, key_size=2_048)
    numbers = attacker.public_key().public_numbers()
    brought = {
        "kty": "RSA",
        "kid": "sk_rsa",
        "n": _segment(numbers.n.to_bytes(256, "big")),
        "e": _segment(numbers.e.to_bytes(3, "big")),
    }
    assert outcome(Backend("sk_rsa", "RS256", attacker).token({"jwk": brought})) == REFUSED
    assert outcome(Backend("sk_rsa", "RS256", attacker).token({"x5c": [_segment(pem(attacker).encode())]})) == REFUSED
    assert answer_to(by_rsa.token({"jwk": brought})).status_code == 200


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_key_that_the_token_links_to_is_not_fetched(by_rsa: Backend, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as attacker:
        attacker.settimeout(0.2)
        url = f"http://127.0.0.1:{attacker.getsockname()[1]}/keys.json"
        assert answer_to(by_rsa.token({name: url})).status_code == 200
        assert outcome(Backend("sk_unknown", "RS256", rsa_key()).token({name: url})) == REFUSED
        with pytest.raises(TimeoutError):
            attacker.accept()


@pytest.mark.parametrize(
    "kid",
    [
        "",
        " sk_secret",
        "sk_secret ",
        "SK_SECRET",
        "sk_secre_",
        "sk_%",
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "http://127.0.0.1/key",
        "sk_secret' or '1'='1",
        "' union select 'YQ==' --",
        "sk_secret'; drop table tenants_signingkey; --",
        "%(kid)s",
        "sk_secret\0",
        "\0",
        "\ud800",
        "sk_secret:user-1",
        "k" * 33,
        "k" * 100_000,
    ],
)
def test_a_key_id_is_looked_up_and_nothing_else(by_secret: Backend, kid: str) -> None:
    header = {"alg": "HS256", "kid": kid}
    assert outcome(forged(header, payload_of(by_secret.token()), SECRET.encode())) == REFUSED
    assert outcome(forged(header, payload_of(by_secret.token()), b"")) == REFUSED
    assert answer_to(by_secret.token()).status_code == 200


@pytest.mark.parametrize("kid", [0, 1, True, 1.5, [], ["sk_secret"], {}, {"$ne": ""}])
def test_a_key_id_that_is_not_text_is_refused(by_secret: Backend, kid: Any) -> None:
    assert outcome(forged({"alg": "HS256", "kid": kid}, payload_of(by_secret.token()), SECRET.encode())) == REFUSED


def test_a_null_for_a_key_id_is_none(by_secret: Backend) -> None:
    assert outcome(forged({"alg": "HS256", "kid": None}, payload_of(by_secret.token()), SECRET.encode())) == REFUSED


def test_an_extension_that_must_be_understood_and_is_not_is_refused(by_secret: Backend) -> None:
    assert outcome(by_secret.token({"crit": ["exp-in-days"], "exp-in-days": 1})) == REFUSED


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30.", "é.é.é", "bm90LWpzb24.e30.e30", "W10.e30.e30"]
)
def test_what_is_not_a_token_is_refused(world: World, token: str) -> None:
    bearer = APIClient()
    bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = bearer.get("/api/v1/spaces/acme_s1/memories/")
    assert (answer.status_code, problems(answer)[0][0]) == REFUSED


def test_a_header_nested_without_end_is_refused(world: World) -> None:
    nested = _segment(b"[" * 100_000)
    assert outcome(f"{nested}.e30.e30") == REFUSED


def test_a_payload_nested_without_end_is_refused(by_secret: Backend) -> None:
    header = _segment(json.dumps({"alg": "HS256", "kid": "sk_secret"}).encode())
    signed = f"{header}.{_segment(b'[' * 100_000)}"
    signature = _segment(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())
    assert outcome(f"{signed}.{signature}") == REFUSED


@pytest.mark.parametrize("claim", ["exp", "aud", "sub", "memory_space_id", "permissions"])
def test_a_token_without_a_claim_that_it_needs_is_refused(by_secret: Backend, claim: str) -> None:
    assert outcome(by_secret.token(without=claim)) == REFUSED
    assert outcome(by_secret.token(**{claim: None})) == REFUSED


@pytest.mark.parametrize(
    "audience", ["billing", "", "engram-api ", "ENGRAM-API", "engram", [], ["billing"], [["engram-api"]]]
)
def test_a_token_meant_for_another_service_is_refused(by_secret: Backend, audience: Any) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    payload = payload_of(by_secret.token()) | {"aud": audience}
    assert outcome(forged(header, payload, SECRET.encode())) == REFUSED


def test_an_expired_token_is_refused(by_secret: Backend) -> None:
    assert outcome(by_secret.token(exp=int(time.time()) - 31)) == REFUSED


def test_a_token_that_is_not_valid_yet_is_refused(by_secret: Backend) -> None:
    assert outcome(by_secret.token(nbf=int(time.time()) + 60)) == REFUSED


@pytest.mark.parametrize("ahead", [24 * HOUR + 40, 366 * 24 * HOUR, 10**12, 10**30, 1e300])
def test_a_token_that_lives_longer_than_a_day_is_refused(by_secret: Backend, ahead: float) -> None:
    answer = answer_to(by_secret.token(exp=int(time.time()) + ahead))
    assert (answer.status_code, problems(answer)[0][0]) == REFUSED
    assert detail(answer) == "The token expires too far ahead; allowed: within 1 day."


@pytest.mark.parametrize("expiry", ["tomorrow", "", [], {}, True, "9" * 5_000, float("nan"), float("inf"), -1])
def test_an_expiry_that_is_not_a_time_is_refused(by_secret: Backend, expiry: Any) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    payload = payload_of(by_secret.token()) | {"exp": expiry}
    assert outcome(forged(header, payload, SECRET.encode())) == REFUSED


def test_an_expiry_written_as_text_is_no_way_around_the_day(by_secret: Backend) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    payload = payload_of(by_secret.token()) | {"exp": str(int(time.time()) + 48 * HOUR)}
    assert outcome(forged(header, payload, SECRET.encode())) == REFUSED


@pytest.mark.parametrize("subject", ["", 17, True, [], {"id": 17}, "nul\0", "half \ud800", "two\nlines", "u" * 151])
def test_a_subject_that_could_not_stand_in_the_audit_trail_is_refused(by_secret: Backend, subject: Any) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    payload = payload_of(by_secret.token()) | {"sub": subject}
    assert outcome(forged(header, payload, SECRET.encode())) == REFUSED


@pytest.mark.parametrize("subject", ["user-17", "a:b:c", "Ωμέγα 🧠", "u" * 150, "'; drop table x; --", "%s"])
def test_a_subject_may_be_any_text_on_a_line(by_secret: Backend, subject: str) -> None:
    assert answer_to(by_secret.token(sub=subject)).status_code == 200
    (event, *_) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert event.actor_name == subject


@pytest.mark.parametrize(
    "permissions",
    [
        [],
        ["admin"],
        ["read", "admin"],
        ["READ"],
        "read",
        ["read", None],
        [["read"]],
        [True],
        {"read": True},
        7,
        ["read\0"],
    ],
)
def test_permissions_that_there_are_not_are_refused(by_secret: Backend, permissions: Any) -> None:
    answer = answer_to(by_secret.token(permissions=permissions))
    assert (answer.status_code, problems(answer)[0][0]) == REFUSED
    assert "'permissions', of read, write and manage" in detail(answer)


@pytest.mark.parametrize("space", ["", 7, ["acme_s1"], {"acme_s1": 1}, "ACME_S1", "acme_s1\0", "\ud800", "a" * 65, "*"])
def test_a_space_that_could_not_be_one_is_refused(by_secret: Backend, space: Any) -> None:
    header = {"alg": "HS256", "kid": "sk_secret"}
    token = forged(header, payload_of(by_secret.token()) | {"memory_space_id": space}, SECRET.encode())
    assert outcome(token) == REFUSED
    assert client(token).get("/api/v1/auth/whoami/").status_code == 401


def test_a_token_of_ours_is_not_one_of_a_tenants(world: World, by_secret: Backend) -> None:
    ours = payload_of(world.token("acme_s1"))
    assert outcome(forged({"alg": "HS256", "kid": "sk_secret"}, ours, SECRET.encode())) == REFUSED
    assert outcome(forged({"alg": "HS256"}, ours, SECRET.encode())) == REFUSED


def test_a_tenants_token_cannot_be_exchanged_for_one_of_ours(by_secret: Backend) -> None:
    token = by_secret.token()
    as_refresh = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": token}, format="json")
    as_key = APIClient().post("/api/v1/auth/token/", {"api_key": token}, format="json")
    assert (as_refresh.status_code, as_key.status_code) == (401, 400)
