"""The ways in which JSON Web Tokens are known to be forged or misread, each tried with a tenant's registered keys.

They are those of OWASP's cheat sheet on such tokens and of its testing guide (WSTG-SESS-10).
"""

import json
import socket
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tenants.models import SigningKey
from tenants.sealing import seal
from tests.memory.space_api import detail
from tests.tenants.backends import (
    HOUR,
    REFUSED,
    SECRET,
    Backend,
    answer_to,
    bearer,
    claiming,
    ed25519_key,
    forged,
    pem,
    refusal_of,
    rsa_key,
    segment,
    signed,
    usual,
    with_ed25519,
    with_rsa,
    with_secret,
)
from tests.world import World

HS256 = {"alg": "HS256", "kid": "sk_secret"}


@pytest.fixture(autouse=True)
def secret(world: World) -> Backend:
    """What most forgers are after: a backend with a registered secret."""
    return with_secret()


def none_but_refused(tokens: list[str]) -> bool:
    """Whether each token is refused, in the same way."""
    return [refusal_of(token) for token in tokens] == [REFUSED] * len(tokens)


def test_what_is_forged_below_would_be_let_in_if_it_were_not() -> None:
    assert answer_to(forged(HS256, usual())).status_code == 200


def test_the_algorithm_none_is_refused() -> None:
    headers = [{**HS256, "alg": algorithm} for algorithm in ("none", "None", "NONE", "nOnE", "", None)]
    tokens = [forged(header, usual()) for header in headers]
    assert none_but_refused(tokens)
    assert none_but_refused([token.rsplit(".", 1)[0] + "." for token in tokens])


def test_a_header_without_an_algorithm_is_refused() -> None:
    assert refusal_of(forged({"kid": "sk_secret"}, usual())) == REFUSED


def test_a_changed_payload_is_refused(secret: Backend) -> None:
    header, _, signature = secret.token(permissions=["read"]).split(".")
    payload = secret.token(permissions=["read", "write", "manage"]).split(".")[1]
    assert refusal_of(f"{header}.{payload}.{signature}") == REFUSED


def test_a_signature_that_is_cut_off_is_refused(secret: Backend) -> None:
    token = secret.token()
    assert none_but_refused([token.rsplit(".", 1)[0] + ".", token.rsplit(".", 1)[0], token[:-4]])


def test_a_signature_by_a_guessed_secret_is_refused() -> None:
    guesses = [b"", b"\0", b"secret", b"null", b"sk_secret", SECRET.upper().encode(), SECRET[:-1].encode()]
    assert none_but_refused([forged(HS256, usual(), guess) for guess in guesses])


def test_a_secret_is_not_kept_as_it_is() -> None:
    stored = SigningKey.objects.get(kid="sk_secret").material
    assert SECRET not in stored
    assert refusal_of(forged(HS256, usual(), stored.encode())) == REFUSED


def test_a_public_key_is_not_taken_for_a_shared_secret() -> None:
    with_rsa()
    secrets = [pem(rsa_key()).encode(), pem(rsa_key()).strip().encode()]
    headers = [{"alg": algorithm, "kid": "sk_rsa"} for algorithm in ("HS256", "RS256")]
    assert none_but_refused([forged(header, usual(), key) for header in headers for key in secrets])


def test_an_ed25519_public_key_is_not_taken_for_a_shared_secret() -> None:
    with_ed25519()
    key = pem(ed25519_key()).encode()
    headers = [{"alg": algorithm, "kid": "sk_ed25519"} for algorithm in ("HS256", "EdDSA")]
    assert none_but_refused([forged(header, usual(), key) for header in headers])


def test_a_shared_secret_is_not_taken_for_a_public_key() -> None:
    assert refusal_of(Backend("sk_secret", "RS256", rsa_key()).token()) == REFUSED
    assert refusal_of(forged({**HS256, "alg": "RS256"}, usual())) == REFUSED


def test_another_algorithm_of_the_same_family_is_refused() -> None:
    with_rsa()
    long = SECRET * 2
    SigningKey.objects.filter(kid="sk_secret").update(material=seal(long.encode()))
    assert answer_to(Backend("sk_secret", "HS256", long).token()).status_code == 200
    assert none_but_refused([Backend("sk_secret", algorithm, long).token() for algorithm in ("HS384", "HS512")])
    assert none_but_refused([Backend("sk_rsa", algorithm, rsa_key()).token() for algorithm in ("PS256", "RS512")])


def test_one_key_does_not_sign_for_another() -> None:
    with_rsa()
    with_ed25519()
    swapped = [Backend("sk_rsa", "EdDSA", ed25519_key()), Backend("sk_ed25519", "RS256", rsa_key())]
    assert none_but_refused([backend.token() for backend in swapped])


def test_a_key_that_the_token_brings_along_is_ignored() -> None:
    attacker = generate_private_key(public_exponent=65_537, key_size=2_048)
    numbers = attacker.public_key().public_numbers()
    brought = {
        "kty": "RSA",
        "kid": "sk_rsa",
        "n": segment(numbers.n.to_bytes(256, "big")),
        "e": segment(numbers.e.to_bytes(3, "big")),
    }
    forger = Backend("sk_rsa", "RS256", attacker)
    assert answer_to(with_rsa().token({"jwk": brought})).status_code == 200
    assert none_but_refused([forger.token({"jwk": brought}), forger.token({"x5c": [segment(pem(attacker).encode())]})])


def test_a_key_that_the_token_links_to_is_not_fetched() -> None:
    genuine, unknown = with_rsa(), Backend("sk_unknown", "RS256", rsa_key())
    with socket.create_server(("127.0.0.1", 0)) as attacker:
        attacker.settimeout(0.2)
        url = f"http://127.0.0.1:{attacker.getsockname()[1]}/keys.json"
        assert [answer_to(genuine.token({name: url})).status_code for name in ("jku", "x5u")] == [200, 200]
        assert none_but_refused([unknown.token({name: url}) for name in ("jku", "x5u")])
        with pytest.raises(TimeoutError):
            attacker.accept()


def test_a_key_id_is_looked_up_and_nothing_else() -> None:
    key_ids = [
        "",
        " sk_secret",
        "sk_secret ",
        "SK_SECRET",
        "sk_secre_",
        "sk_%",
        "../../../../dev/null",
        "file:///dev/null",
        "http://127.0.0.1/key",
        "sk_secret' or '1'='1",
        "' union select 'YQ==' --",
        "sk_secret'; drop table tenants_signingkey; --",
        "%(kid)s",
        "sk_secret\n",
        "sk_secret\0",
        "\0",
        "\ud800",
        "sk_secret:user-1",
        "k" * 33,
        "k" * 100_000,
    ]
    headers = [{**HS256, "kid": key_id} for key_id in key_ids]
    assert none_but_refused([forged(header, usual()) for header in headers])
    assert none_but_refused([forged(header, usual(), b"") for header in headers])
    assert answer_to(forged(HS256, usual())).status_code == 200


def test_a_key_id_that_is_not_text_is_refused() -> None:
    key_ids: list[Any] = [0, 1, True, 1.5, [], ["sk_secret"], {}, {"$ne": ""}, None]
    assert none_but_refused([forged({**HS256, "kid": key_id}, usual()) for key_id in key_ids])


def test_an_extension_that_must_be_understood_and_is_not_is_refused() -> None:
    assert refusal_of(forged({**HS256, "crit": ["exp-in-days"], "exp-in-days": 1}, usual())) == REFUSED
    assert refusal_of(forged({**HS256, "crit": ["b64"], "b64": False}, usual())) == REFUSED


def test_what_is_not_a_token_is_refused() -> None:
    tokens = [".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30.", "é.é.é", "bm90LWpzb24.e30.e30", "W10.e30.e30"]
    assert none_but_refused(tokens)


def test_what_is_nested_without_end_is_refused() -> None:
    nested, header = segment(b"[" * 100_000), segment(json.dumps(HS256).encode())
    assert none_but_refused([signed(nested, segment(b"{}")), signed(header, nested)])


def test_a_payload_that_is_not_an_object_is_refused() -> None:
    header = segment(json.dumps(HS256).encode())
    assert none_but_refused([signed(header, segment(text)) for text in (b"", b"[]", b"null", b'"text"', b"{", b"\xff")])


def test_a_token_without_a_claim_that_it_needs_is_refused() -> None:
    needed = ("exp", "aud", "sub", "memory_space_id", "permissions")
    payloads = [{name: value for name, value in usual().items() if name != missing} for missing in needed]
    assert none_but_refused([forged(HS256, payload) for payload in payloads])
    assert none_but_refused([claiming(**{name: None}) for name in needed])


def test_a_token_meant_for_another_service_is_refused() -> None:
    audiences: list[Any] = ["billing", "", "engram-api ", "ENGRAM-API", "engram", [], ["billing"], [["engram-api"]], {}]
    assert none_but_refused([claiming(aud=audience) for audience in audiences])


def test_an_expired_token_is_refused() -> None:
    assert refusal_of(claiming(exp=int(time.time()) - 31)) == REFUSED


def test_a_token_that_is_not_valid_yet_is_refused() -> None:
    later = int(time.time()) + 60
    assert none_but_refused([claiming(nbf=later), claiming(iat=later), claiming(nbf="later"), claiming(iat=[])])


def test_a_token_that_lives_longer_than_a_day_is_refused() -> None:
    now = int(time.time())
    expiries = [now + 24 * HOUR + 40, now + 366 * 24 * HOUR, 10**12, 10**30, 1e300, str(now + 48 * HOUR)]
    answers = [answer_to(claiming(exp=expiry)) for expiry in expiries]
    assert [answer.status_code for answer in answers] == [401] * 6
    assert {detail(answer) for answer in answers} == {"The token expires too far ahead; allowed: within 1 day."}


def test_an_expiry_that_is_not_a_time_is_refused() -> None:
    expiries: list[Any] = ["tomorrow", "", [], {}, True, "9" * 5_000, float("nan"), float("inf"), -1]
    assert none_but_refused([claiming(exp=expiry) for expiry in expiries])


def test_a_subject_that_could_not_stand_in_the_audit_trail_is_refused() -> None:
    subjects: list[Any] = ["", 17, True, [], {"id": 17}, "nul\0", "half \ud800", "two\nlines", "u" * 151]
    assert none_but_refused([claiming(sub=subject) for subject in subjects])


def test_permissions_that_there_are_not_are_refused() -> None:
    permissions: list[Any] = [
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
    ]
    answers = [answer_to(claiming(permissions=some)) for some in permissions]
    assert [answer.status_code for answer in answers] == [401] * len(permissions)
    assert {detail(answer) for answer in answers} == {
        "The token must name one space as 'memory_space_id' and its 'permissions', of read, write and manage."
    }


def test_a_space_that_could_not_be_one_is_refused() -> None:
    spaces: list[Any] = [
        "",
        7,
        ["acme_s1"],
        {"acme_s1": 1},
        "ACME_S1",
        "acme_s1\0",
        "\ud800",
        "a" * 65,
        "*",
        "acme_s1\n",
    ]
    tokens = [claiming(memory_space_id=space) for space in spaces]
    assert none_but_refused(tokens)
    assert [bearer(token).get("/api/v1/auth/whoami/").status_code for token in tokens] == [401] * len(spaces)


def test_the_claims_of_our_own_tokens_are_not_those_of_a_tenants(world: World) -> None:
    _, ours, _ = world.token("acme_s1").split(".")
    headers = [segment(json.dumps(header).encode()) for header in (HS256, {"alg": "HS256"})]
    assert none_but_refused([signed(header, ours) for header in headers])
