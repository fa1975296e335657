"""Plays the isolation matrix: every route and method, by everybody."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from tests.isolation.matrix import ALLOWED, CALLERS, CALLS, OUTCOME, STATUS, TOLD, TOOLS, TRAIL, Call, Caller
from tests.isolation.pages import ADMIN_PAGES, PAGES, SHOWN, Page
from tests.isolation.routes import ADMIN, API, METHODS, all_routes, filled
from tests.isolation.stage import Stage

ROUTES = all_routes()
CELLS = [(caller, call) for caller in CALLERS for call in CALLS]
LET_IN = [(caller, call) for caller, call in CELLS if caller.verdict(call) == ALLOWED]
REFUSED = [(caller, call) for caller, call in CELLS if caller.verdict(call) != ALLOWED]
NOT_COVERED = [
    (caller, call)
    for caller, call in REFUSED
    if caller.read == "space_not_covered" and call.need in {"read", "write", "manage"}
]
METHODLESS = [
    (method, route.path.removeprefix(API) if route.path.startswith(API) else f"/{route.path}")
    for route in ROUTES
    if route.is_api
    for method in METHODS
    if method not in route.methods
]


def test_every_route_and_method_of_the_api_is_in_the_matrix() -> None:
    named = {(call.method, API + call.route) for call in CALLS} | {(call.method, call.route[1:]) for call in TOOLS}
    assert named == {(method, route.path) for route in ROUTES if route.is_api for method in route.methods}


def test_every_page_and_method_is_in_the_matrix() -> None:
    named = {(page.method, page.route) for page in PAGES if not page.route.startswith(ADMIN)}
    others = [route for route in ROUTES if not route.is_api and not route.path.startswith(ADMIN)]
    assert named == {(method, route.path) for route in others for method in route.methods}


@pytest.mark.parametrize(("caller", "call"), LET_IN, ids=str)
def test_it_lets_in_whoever_may_and_records_it_once(stage: Stage, caller: Caller, call: Call) -> None:
    subject = stage.subject(caller, call)
    response, request_id = stage.send(caller.name, call, subject)
    assert response.status_code == call.status, response.content
    text, tells_ids = response.content.decode(), call.action in TRAIL
    assert stage.revealed(text, subject, own=caller.space, but_ids=tells_ids) == set()
    # A recall over several spaces leaves a row for each of them beside its own.
    rows = [row for row in stage.trail(request_id) if (call.action, row.action) != ("recall_across", "recall")]
    assert [(row.tenant_id, row.action, row.outcome) for row in rows] == [
        (stage.tenants[caller.trail_of(call)], call.action, ALLOWED)
    ]
    stage.spare(caller.space)


@pytest.mark.parametrize(("caller", "call"), REFUSED, ids=str)
def test_it_refuses_whoever_may_not_and_records_it_once(stage: Stage, caller: Caller, call: Call) -> None:
    code = caller.verdict(call)
    subject = stage.subject(caller, call)
    before = stage.fingerprint()
    response, request_id = stage.send(caller.name, call, subject)
    assert response.status_code == STATUS[code], response.content
    assert [error["code"] for error in response.json()["errors"]] == [code]
    assert stage.revealed(response.content.decode(), subject) == set()
    assert str(stage.spaces[caller.space]) not in response.content.decode()
    assert stage.fingerprint() == before
    (row,) = stage.trail(request_id)
    assert (row.tenant_id, row.action) == (stage.tenants[caller.trail], call.action)
    assert (row.outcome, row.reason) == (OUTCOME[STATUS[code]], f"{STATUS[code]} {code}")


@pytest.mark.parametrize(("caller", "call"), NOT_COVERED, ids=str)
def test_a_foreign_space_answers_as_one_that_does_not_exist(stage: Stage, caller: Caller, call: Call) -> None:
    subject = stage.subject(caller, call)
    no_space = "z" * len(caller.space)
    foreign, _ = stage.send(caller.name, call, subject)
    missing, _ = stage.send(caller.name, call, replace(subject, space=no_space))
    assert foreign.status_code == missing.status_code
    assert foreign.content.replace(caller.space.encode(), no_space.encode()) == missing.content
    assert {**foreign.headers, "X-Request-ID": ""} == {**missing.headers, "X-Request-ID": ""}


@pytest.mark.parametrize("who", [caller.name for caller in CALLERS if caller.presence == "invalid_token"])
def test_a_credential_that_is_none_is_told_what_to_bring(stage: Stage, who: str) -> None:
    response = stage.fetch("GET", "/api/v1/auth/whoami/", stage.headers[who])
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("who", TOLD)
def test_a_caller_is_told_of_its_own_spaces_alone(stage: Stage, who: str) -> None:
    told = stage.fetch("GET", "/api/v1/auth/whoami/", stage.headers[who]).json()
    listed = stage.fetch("GET", "/api/v1/spaces/", stage.headers[who]).json()
    assert set(told["spaces"]) == TOLD[who]
    assert {space["name"] for space in listed["results"]} == TOLD[who]


@pytest.mark.parametrize(("method", "route"), METHODLESS, ids=str)
def test_a_method_that_no_operation_answers_does_nothing(stage: Stage, method: str, route: str) -> None:
    owner, call = CALLERS[0], Call(method, route, "", "presence", 405)
    subject = stage.subject(owner, call)
    before = stage.fingerprint()
    response, request_id = stage.send(owner.name, call, subject)
    assert response.status_code == call.status
    assert stage.fingerprint() == before
    assert stage.trail(request_id) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_gives_nothing_away_to_who_is_not_logged_in(stage: Stage, page: Page) -> None:
    # From outside: a neighbour on loopback may read the metrics, which name spaces.
    response = stage.fetch(page.method, filled(page.route), {"X-Forwarded-For": "203.0.113.9"})
    assert (response.status_code, response.headers.get("Location", "")) == (page.status, page.location)
    names = {*stage.spaces, *map(str, stage.spaces.values()), *map(str, stage.tenants.values())}
    assert {name for name in names if name in response.content.decode()} == set()


@pytest.mark.parametrize("path", ADMIN_PAGES)
@pytest.mark.parametrize("who", ["nobody", "a member's session", "an admin's session"])
def test_the_operators_pages_send_everybody_else_to_their_login(stage: Stage, who: str, path: str) -> None:
    response = stage.fetch("GET", path, stage.headers[who])
    assert (response.status_code, response.headers["Location"]) == (302, f"/admin/login/?next={path}")


def test_a_session_writes_nothing_without_its_csrf_token(stage: Stage) -> None:
    strict = Client(enforce_csrf_checks=True, headers=stage.headers["an admin's session"])
    response = strict.post("/api/v1/spaces/acme_s1/memories/", {"content": "Forged."}, content_type="application/json")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("page", ["/", "/overview/", "/spaces/"])
@pytest.mark.parametrize("who", SHOWN)
def test_a_persons_pages_name_the_spaces_within_their_reach_alone(stage: Stage, who: str, page: str) -> None:
    response = stage.fetch("GET", page, stage.headers[who])
    assert response.status_code == 200
    assert {name for name in stage.spaces if re.search(rf"\b{name}\b", response.content.decode())} == SHOWN[who]


def test_nobody_turns_to_a_tenant_that_is_not_theirs(stage: Stage) -> None:
    client = Client(headers=stage.headers["another tenant's admin"])
    assert client.post("/tenant/", {"tenant": str(stage.tenants["acme"])}).status_code == 404
    assert client.post("/tenant/", {"tenant": str(stage.tenants["globex"])}).status_code == 302
