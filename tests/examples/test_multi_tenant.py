"""The five clients, built and run against a live site."""

import os
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import LazySettings

from tenants.limits import installation
from tenants.models import RefreshToken
from tests.demo import build_demo
from tests.live import live_site
from tests.servers import ROOT
from tests.world import PASSWORD

RUN = ROOT / "examples" / "multi_tenant" / "run"


@pytest.fixture
def slow_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose limit a client meets however busy the machine is."""
    slow = replace(installation(), limits=replace(installation().limits, rate_limit_per_space=25))
    monkeypatch.setattr("tenants.queries.installation", lambda: slow)


@pytest.fixture
def short_lives(settings: LazySettings) -> None:
    """Tokens that run out while a client is waiting for its limit."""
    settings.TOKEN_ACCESS_LIFETIME = timedelta(seconds=3)


@pytest.mark.parametrize("language", ["python", "typescript", "go", "java", "rust"])
def test_a_client_does_what_its_tenant_may_and_is_told_what_it_may_not(
    database: None, slow_spaces: None, short_lives: None, language: str
) -> None:
    build_demo()
    with live_site() as url:
        environment = os.environ | {"ENGRAM_URL": url, "ENGRAM_USERNAME": "ada", "ENGRAM_PASSWORD": PASSWORD}
        done = subprocess.run([RUN, language], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            f"A token for globex: common_knowledge, globex_example_{language}",
            f"Remembered 2 memories in globex_example_{language}",
            f"Recalled from common_knowledge, globex_example_{language}",
            "Refused at acme_support: 403 space_not_covered",
            "120 calls at once done, some of them told to wait",
            "Used: 2 of 11100000 memories",
        ],
    ), done.stderr
    assert RefreshToken.objects.filter(used_at__isnull=False).exists()
