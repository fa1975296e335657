"""The OpenAPI description: valid, and true of what the API does with anything it is sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from engram_site.wsgi import application
from memory.records import NewMemory
from memory.services.imports import start_import
from memory.services.remember import remember_batch
from tenants.callers import operator
from tenants.models import Space, Tenant
from tenants.services.keys import create_key
from tenants.services.sharing import share_space
from tenants.services.teams import create_team
from tests.world import READ, World, login_token, scope_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: Any, value: Any) -> bytes:
    return str(value).encode()


SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)


@dataclass(frozen=True)
class Stage:
    """What the requests are made with, and what no answer may hold."""

    headers: dict[str, str]
    memory_ids: Iterator[str]
    known: dict[str, str]
    foreign: list[str]


@pytest.fixture
def stage(world: World) -> Stage:
    remembered = remember_batch(scope_of("acme_s1"), [NewMemory(f"Memory {n}.", session="one") for n in range(40)])
    globex = Space.objects.get(name="globex_s1")
    root = operator("tests")
    create_team(root, "blue", tenant_slug="acme")
    key = create_key(root, "acme", {"acme_s1": READ}, name="reader")
    grant = share_space(root, "acme_s1", "globex")
    return Stage(
        headers={"Authorization": f"Bearer {login_token('alice')}"},
        memory_ids=cycle(str(memory.id) for memory in remembered),
        known={
            "space": "acme_s1",
            "team": "blue",
            "username": "bob",
            "key_id": str(key.id),
            "grant_id": str(grant.id),
            "import_id": str(start_import(scope_of("acme_s1"), [], more=True).id),
        },
        foreign=[
            str(globex.id),
            str(Tenant.objects.get(slug="globex").id),
            world.memories["globex_s1"],
            "The first memory of globex_s1.",
        ],
    )


@SCHEMA.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_api_keeps_to_its_description_and_to_its_tenant(case: Any, stage: Stage) -> None:
    known = stage.known | {"memory_id": next(stage.memory_ids), "target": next(stage.memory_ids)}
    case.path_parameters |= {name: known[name] for name in case.path_parameters or {}}
    response = case.call(headers=stage.headers)
    case.validate_response(response, checks=CHECKS, headers=stage.headers)
    assert not [secret for secret in stage.foreign if secret in response.text]


def test_the_description_is_valid_and_complete() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    described = json.loads(out.getvalue())
    assert len(described["paths"]) > 10
