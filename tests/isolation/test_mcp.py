"""Plays the isolation matrix over MCP: every tool, by everybody."""

import pytest

from tests.isolation.matrix import ALLOWED, CALLERS, OUTCOME, STATUS, TOOLS, Call, Caller
from tests.isolation.stage import Stage

# Agents bring tokens; a browser's session is nobody here.
SESSIONS = {
    "an admin's session",
    "a member's session",
    "a session of a team beside the space's",
    "another tenant's admin",
}
KNOWN = [caller for caller in CALLERS if caller.name not in SESSIONS and STATUS.get(caller.presence) != 401]
UNKNOWN = [caller for caller in CALLERS if caller not in KNOWN]
CELLS = [(caller, call) for caller in KNOWN for call in TOOLS]
LET_IN = [(caller, call) for caller, call in CELLS if caller.verdict(call) == ALLOWED]
REFUSED = [(caller, call) for caller, call in CELLS if caller.verdict(call) != ALLOWED]
HEADERS = {"Accept": "application/json, text/event-stream"}


def name_of(value: Caller | Call) -> str:
    return value.name if isinstance(value, Caller) else value.action


@pytest.mark.parametrize(("caller", "call"), LET_IN, ids=name_of)
def test_a_tool_serves_whoever_may_and_records_it_once(stage: Stage, caller: Caller, call: Call) -> None:
    subject = stage.subject(caller, call)
    response, request_id = stage.send(caller.name, call, subject, HEADERS)
    assert (response.status_code, response.json()["result"]["isError"]) == (200, False)
    assert stage.revealed(response.content.decode(), subject, own=caller.space) == set()
    rows = [row for row in stage.trail(request_id) if (call.action, row.action) != ("recall_across", "recall")]
    assert [(row.tenant_id, row.action, row.outcome) for row in rows] == [
        (stage.tenants[caller.trail], call.action, ALLOWED)
    ]


@pytest.mark.parametrize(("caller", "call"), REFUSED, ids=name_of)
def test_a_tool_refuses_whoever_may_not_and_records_it_once(stage: Stage, caller: Caller, call: Call) -> None:
    code = caller.verdict(call)
    subject = stage.subject(caller, call)
    before = stage.fingerprint()
    response, request_id = stage.send(caller.name, call, subject, HEADERS)
    result = response.json()["result"]
    assert (result["isError"], [error["code"] for error in result["structuredContent"]["errors"]]) == (True, [code])
    assert stage.revealed(response.content.decode(), subject) == set()
    assert stage.fingerprint() == before
    (row,) = stage.trail(request_id)
    assert (row.tenant_id, row.action) == (stage.tenants[caller.trail], call.action)
    assert (row.outcome, row.reason) == (OUTCOME[STATUS[code]], f"{STATUS[code]} {code}")


@pytest.mark.parametrize("caller", UNKNOWN, ids=name_of)
@pytest.mark.parametrize("call", TOOLS[:1], ids=name_of)
def test_who_brings_no_token_that_holds_reaches_no_tool(stage: Stage, caller: Caller, call: Call) -> None:
    response, request_id = stage.send(caller.name, call, stage.subject(caller, call), HEADERS)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    (row,) = stage.trail(request_id)
    assert (row.tenant_id, row.action, row.outcome) == (stage.tenants["installation"], "call_tool", "denied")
