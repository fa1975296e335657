"""``manage.py seed_demo``: the demo installation, made by a process of its own with the quickest of embedders."""

import json
import os
import stat
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import LazySettings
from django.contrib.auth import authenticate
from rest_framework.test import APIClient

from memory.demo.content import TENANT_SPACES, tenant_memories
from memory.models import Memory
from memory.services.load import load
from tenants.callers import operator
from tenants.models import Grant, Space
from tenants.scope import SpaceScope, space_tx
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant
from tests.memory.openai_server import OpenAIServer
from tests.memory.space_api import SpaceApi
from tests.servers import ROOT


def seed(provider: OpenAIServer, credentials: Path) -> Any:
    """The command's answer as JSON."""
    environment = os.environ | {
        "ENGRAM_EMBEDDER": "openai",
        "ENGRAM_OPENAI_URL": provider.url,
        "ENGRAM_OPENAI_MODEL": "lengths",
        "ENGRAM_OPENAI_DIMENSION": "3",
    }
    command = [sys.executable, "manage.py", "seed_demo", "--json", "--credentials", str(credentials)]
    return json.loads(subprocess.check_output(command, cwd=ROOT, env=environment))


def interrupted_run() -> None:
    """What a run leaves that was stopped in its first tenant space."""
    root = operator("tests")
    create_tenant(root, "acme")
    new = NewSpace("acme_support", embedding_model="lengths", embedding_dimension=3)
    create_space(root, new, tenant_slug="acme")
    load(SpaceScope.for_operator(root, "acme_support"), islice(tenant_memories("acme_support"), 20))


def counted() -> dict[str, int]:
    """How many memories each space holds."""
    counts = {}
    for name in Space.objects.values_list("name", flat=True):
        with space_tx(SpaceScope.for_operator(operator("tests"), name)):
            counts[name] = Memory.objects.count()
    return counts


def logged_in(person: dict[str, str]) -> Any:
    return authenticate(None, username=person["username"], password=person["password"])


def test_the_demo_takes_up_an_interrupted_run_and_is_made_once(
    database: None, provider: OpenAIServer, settings: LazySettings, tmp_path: Path
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    interrupted_run()
    answer = seed(provider, tmp_path / "demo.json")
    stored = counted()
    assert answer == {"credentials": str(tmp_path / "demo.json"), "created": sum(stored.values()) - 20}
    assert {name: stored[name] for name in TENANT_SPACES} == {
        name: len(list(tenant_memories(name))) for name in TENANT_SPACES
    }
    assert stored["common_knowledge"] > 300
    assert Grant.objects.get(tenant__slug="globex").space.name == "common_knowledge"

    given = json.loads((tmp_path / "demo.json").read_text())
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    member, staff = logged_in(given["member"]), logged_in(given["operator"])
    assert (member.is_staff, staff.is_superuser) == (False, True)
    client = APIClient()
    token = client.post("/api/v1/auth/token/", {"api_key": given["api_key"]}, format="json").json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token['access']}")
    assert len(SpaceApi(given["space"], client).recall(query=given["cue"])) == 10

    assert seed(provider, tmp_path / "demo.json")["created"] == 0
    assert counted() == stored
    assert logged_in(given["member"]) == member
