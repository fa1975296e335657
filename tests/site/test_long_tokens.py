"""The longest token that Engram signs is one that its own web server takes."""

from pathlib import Path

import httpx

from tenants.callers import operator
from tenants.models import Permission
from tenants.services.keys import create_key
from tenants.services.spaces import NewSpace, create_space
from tests.site.web_server import web_server
from tests.world import World


def test_a_token_that_names_a_hundred_long_spaces_is_let_in(world: World, tmp_path: Path) -> None:
    root = operator("tests")
    names = [f"{number:064}" for number in range(100)]
    for name in names:
        create_space(root, NewSpace(name), tenant_slug="acme")
    key = create_key(root, "acme", dict.fromkeys(names, frozenset(Permission.values)), name="of all").api_key
    with web_server(tmp_path) as site:
        pair = httpx.post(f"{site.url}/api/v1/auth/token/", json={"api_key": key}).json()
        headers = {"Authorization": f"Bearer {pair['access']}"}
        assert len(headers["Authorization"]) > 12_000
        whoami = httpx.get(f"{site.url}/api/v1/auth/whoami/", headers=headers)
        assert (whoami.status_code, len(whoami.json()["spaces"])) == (200, 100)
