"""What every kind of answer tells browsers to refuse."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.servers import ROOT
from tests.world import PASSWORD, World, logged_in

PATHS = [
    "/login/",
    "/spaces/",
    "/erasures/part/",
    "/api/v1/spaces/",
    "/api/v1/docs/",
    "/admin/",
    "/api/v1/no/such/path/",
]
# Asked over plain HTTP and over HTTPS, as a proxy says; what comes back.
ASK = """
import json, django
django.setup()
from django.test import Client
plain = {path: Client(SERVER_NAME="localhost").get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/login/")}
page = Client(SERVER_NAME="localhost").get("/login/", headers={"X-Forwarded-Proto": "https"})
cookie = page.cookies["csrftoken"]
print(json.dumps({"plain": plain, "hsts": page.headers["Strict-Transport-Security"], "secure": cookie["secure"]}))
"""


@pytest.fixture
def alice(world: World) -> Client:
    get_user_model().objects.filter(username="alice").update(is_staff=True, is_superuser=True)
    return logged_in("alice")


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_lets_nothing_foreign_or_inline_run_and_nobody_frame_it(alice: Client, path: str) -> None:
    headers = alice.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";") if part.strip())
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'self'", "'self'", "'self'")
    assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_scripts_and_other_sites_do_not_get_at_the_cookies(world: World) -> None:
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    flags = {name: (bool(cookie["httponly"]), cookie["samesite"]) for name, cookie in client.cookies.items()}
    assert flags == {"csrftoken": (True, "Lax"), "sessionid": (True, "Lax")}


def test_with_https_pages_are_redirected_and_cookies_secure_and_probes_and_metrics_are_answered(world: World) -> None:
    environment = {**os.environ, "ENGRAM_HTTPS": "1", "DJANGO_SETTINGS_MODULE": "engram_site.settings"}
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    told: Any = json.loads(asked.stdout)
    assert told["plain"] == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/login/": 301}
    assert told["secure"] is True
    assert told["hsts"].startswith("max-age=31536000")
