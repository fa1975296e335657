"""``/metrics``, for those who are configured to read it."""

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

STRANGER = "10.1.2.3"
TOKEN = "a-token-for-the-scraper"


def scrape(address: str = "127.0.0.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address).get(
        "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def status(address: str = "127.0.0.1", **headers: str) -> int:
    return int(scrape(address, **headers).status_code)


def test_the_exposition_is_what_prometheus_reads() -> None:
    answer = scrape()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    fallback = families["engram_limiter_fallback"]
    assert fallback.type == "counter"
    assert "engram_limiter_fallback_total" in {sample.name for sample in fallback.samples}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_may_read(address: str) -> None:
    assert status(address) == 200


@pytest.mark.parametrize("address", [STRANGER, "192.168.0.1", "127.0.0.2", "::2", "::ffff:10.1.2.3", "0.0.0.0", ""])
def test_others_may_not(address: str) -> None:
    answer = scrape(address)
    assert (answer.status_code, answer.content) == (403, b"Not for you.\n")


def test_what_a_proxy_forwards_that_nobody_declared_is_not_from_loopback() -> None:
    assert [status(X_Forwarded_For=said) for said in (STRANGER, "127.0.0.1", "", "unknown")] == [403] * 4


def test_behind_a_declared_proxy_the_address_that_it_saw_counts(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert status(X_Forwarded_For=STRANGER) == 403
    assert status(X_Forwarded_For=f"127.0.0.1, {STRANGER}") == 403
    assert status(X_Forwarded_For="127.0.0.1") == 200
    assert status() == 200


def test_what_is_not_an_address_is_nobodys(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    said = ("unknown", "127.0.0.1:4711", "localhost", "127.1", "\u00e9", "1" * 200)
    assert [status(X_Forwarded_For=each) for each in said] == [403] * len(said)


def test_other_networks_can_be_let_in(settings: LazySettings) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    assert [status(address) for address in (STRANGER, "fd00::1", "127.0.0.1", "11.0.0.1")] == [200, 200, 403, 403]


def test_a_token_lets_its_bearer_in_from_anywhere(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert status(STRANGER, Authorization=f"Bearer {TOKEN}") == 200
    assert status("127.0.0.1", Authorization=f"Bearer {TOKEN}", X_Forwarded_For=STRANGER) == 200


def test_a_wrong_token_lets_nobody_in(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    wrong = ("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer \u00e9")
    assert [status(STRANGER, Authorization=given) for given in wrong] == [403] * len(wrong)


def test_without_a_token_set_none_lets_in() -> None:
    assert [status(STRANGER, Authorization=given) for given in ("", "Bearer ", "Bearer None")] == [403] * 3


def test_every_process_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    counting = "from prometheus_client import Counter; Counter('probe', 'Counted in two processes.').inc()"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", counting], env=dict(os.environ), check=True)
    families = {family.name: family for family in text_string_to_metric_families(scrape().content.decode())}
    assert [(sample.name, sample.value) for sample in families["probe"].samples] == [("probe_total", 2.0)]
