"""The five clients, built and run against the web server as it ships."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from django.conf import global_settings
from django.test import override_settings

from engram_site.runner.site import Site
from tenants.models import RefreshToken
from tests.demo import build_demo
from tests.servers import ROOT
from tests.site.web_server import web_server
from tests.world import PASSWORD

RUN = ROOT / "examples" / "multi_tenant" / "run"
# A limit that a client meets however busy the machine is, and tokens that run out while it waits for it.
SLOW = "[memory_spaces.limits]\nrate_limit_per_space = 25\n"
SHORT_LIVED = "3"


@pytest.fixture(scope="module")
def site(standing_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    # The server is told nothing of the suite's quick passwords.
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        build_demo()
    folder = tmp_path_factory.mktemp("site")
    config = folder / "engram.toml"
    config.write_text(SLOW)
    with web_server(folder, ENGRAM_CONFIG=str(config), ENGRAM_TOKEN_SECONDS=SHORT_LIVED) as site:
        yield site


@pytest.mark.parametrize("language", ["python", "typescript", "go", "java", "rust"])
def test_a_client_does_what_its_tenant_may_and_is_told_what_it_may_not(site: Site, language: str) -> None:
    renewed = RefreshToken.objects.filter(used_at__isnull=False)
    before = renewed.count()
    environment = os.environ | {"ENGRAM_URL": site.url, "ENGRAM_USERNAME": "ada", "ENGRAM_PASSWORD": PASSWORD}
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
    assert renewed.count() > before
