"""MCP: the SDK's own client, with the API's tokens, against a live site."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from audit.services.events import recent_events
from tenants.limits import Administration, installation
from tenants.models import ApiKey, Tenant
from tenants.services import limiter
from tests.limits import limit_space, refusals
from tests.live import live_site
from tests.world import World

MODES = ["auto", "legacy"]


@pytest.fixture
def site(world: World) -> Iterator[str]:
    with live_site() as url:
        yield url


class Agent:
    """An agent with a token; each call is a connection of its own."""

    def __init__(self, site: str, token: str, mode: str = "auto") -> None:
        self._url, self._token, self._mode = f"{site}/mcp", token, mode

    def call(self, tool: str, **arguments: Any) -> Any:
        return self._ask(lambda client: client.call_tool(tool, arguments))

    def done(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers, as JSON."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        return result.structured_content

    def refused(self, tool: str, **arguments: Any) -> list[tuple[str, str | None]]:
        """What a tool says is wrong: the codes and the fields."""
        result = self.call(tool, **arguments)
        assert result.is_error
        return [(error["code"], error["attr"]) for error in result.structured_content["errors"]]

    def protocol_error(self, tool: str) -> str:
        """What the protocol itself says is wrong with a call."""

        async def call(client: Client) -> str:
            with pytest.raises(MCPError) as raised:
                await client.call_tool(tool, {})
            return str(raised.value)

        return str(self._ask(call))

    def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in self._ask(lambda client: client.list_tools()).tools}

    def _ask(self, ask: Any) -> Any:
        async def session() -> Any:
            headers = {"Authorization": f"Bearer {self._token}"}
            async with httpx2.AsyncClient(headers=headers) as http:
                transport = streamable_http_client(self._url, http_client=http)
                async with Client(transport, mode=self._mode) as client:
                    return await ask(client)

        return asyncio.run(session())


@pytest.fixture
def agent(site: str, world: World) -> Agent:
    return Agent(site, world.token("acme"))


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_is_told_of_its_tools(site: str, world: World, mode: str) -> None:
    tools = Agent(site, world.token("acme"), mode).tools()
    assert list(tools) == ["remember", "recall", "spread", "forget", "list_spaces"]
    assert tools["recall"].input_schema["required"] == ["query"]
    assert [name for name, tool in tools.items() if tool.annotations.read_only_hint] == [
        "recall",
        "spread",
        "list_spaces",
    ]
    assert [name for name, tool in tools.items() if tool.annotations.destructive_hint] == ["forget"]


@pytest.mark.parametrize("mode", MODES)
def test_it_remembers_recalls_spreads_and_forgets(site: str, world: World, mode: str) -> None:
    agent = Agent(site, world.token("acme"), mode)
    first = agent.done("remember", space="acme_s1", content="The zip of Priya's jacket broke.", session="chat")
    second = agent.done("remember", space="acme_s1", content="We sent a voucher.", session="chat")
    assert first["created"] is True
    recalled = agent.done("recall", space="acme_s1", query="broken zip", limit=3)
    assert recalled["results"][0]["memory"]["id"] == first["id"]
    reached = agent.done("spread", space="acme_s1", **{"from": [first["id"]], "depth": 1})
    assert second["id"] in {entry["memory"]["id"] for entry in reached["activations"]}
    assert agent.done("forget", space="acme_s1", memory=first["id"]) == {"forgotten": first["id"]}
    assert agent.refused("forget", space="acme_s1", memory=first["id"]) == [("not_found", None)]


def test_recall_without_a_space_goes_over_all_that_it_may_read(agent: Agent) -> None:
    recalled = agent.done("recall", query="the first memory")
    assert {entry["space"] for entry in recalled["spaces"]} == {"acme_s1", "acme_s10", "acme_shared"}


def test_it_lists_its_spaces(agent: Agent) -> None:
    listed = agent.done("list_spaces")["results"]
    assert [space["name"] for space in listed] == ["acme_s1", "acme_s10", "acme_shared"]


def test_another_tenants_space_is_refused_as_one_that_does_not_exist(agent: Agent) -> None:
    foreign = agent.call("recall", space="globex_s1", query="secrets")
    missing = agent.call("recall", space="no_such_space", query="secrets")
    assert foreign.content[0].text == "space_not_covered: The token does not cover this space."
    assert (foreign.content, foreign.structured_content) == (missing.content, missing.structured_content)


def test_a_refusal_in_words_names_the_argument(agent: Agent) -> None:
    nothing = agent.call("remember", space="acme_s1")
    assert nothing.content[0].text == "required: content: This field is required."


def test_a_token_that_may_only_read_writes_nothing(site: str, world: World) -> None:
    reader = Agent(site, world.token("acme_s1_read"))
    assert reader.refused("remember", space="acme_s1", content="I was here.") == [("permission_denied", None)]
    assert reader.refused("forget", space="acme_s1", memory=world.memories["acme_s1"]) == [("permission_denied", None)]


def test_a_revoked_key_counts_from_the_next_call(agent: Agent) -> None:
    agent.done("recall", space="acme_s1", query="any")
    ApiKey.objects.filter(name="acme").update(revoked_at="2026-01-01T00:00:00Z")
    assert agent.refused("recall", space="acme_s1", query="any") == [("access_withdrawn", None)]


WRONG = [
    ("recall", {"space": "acme_s1"}, ("cue", None)),
    ("recall", {"space": 17, "query": "any"}, ("invalid", "space")),
    ("recall", {"space": "acme_s1", "query": "any", "colour": "red"}, ("unknown_field", "colour")),
    ("recall", {"space": "acme_s1", "query": "any", "depth": 99}, ("depth_exceeded", "depth")),
    ("remember", {"content": "No space."}, ("invalid", "space")),
    ("remember", {"space": "acme_s1", "content": " "}, ("blank", "content")),
    ("spread", {"space": "acme_s1", "from": [str(uuid4())]}, ("not_found", None)),
    ("forget", {"space": "acme_s1", "memory": "17"}, ("invalid", "memory")),
    ("list_spaces", {"colour": "red"}, ("unknown_field", None)),
]


@pytest.mark.parametrize(("tool", "arguments", "problem"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named_for_the_agent_to_read(
    agent: Agent, tool: str, arguments: dict[str, Any], problem: tuple[str, str | None]
) -> None:
    assert agent.refused(tool, **arguments) == [problem]


def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(agent: Agent) -> None:
    assert agent.protocol_error("drop_tables").startswith("There is no tool 'drop_tables'; allowed: remember, recall")


@pytest.mark.usefixtures("endless_second")
def test_the_rate_limit_is_the_spaces_own_and_says_when_to_come_back(agent: Agent) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    results = [agent.call("recall", space="acme_s1", query="any") for _ in range(4)]
    limited = [result for result in results if result.is_error]
    assert limited
    assert limited[0].content[0].text.endswith("Try again after 1 s.")


@pytest.mark.usefixtures("endless_second")
def test_what_is_of_no_space_counts_towards_the_tenants_rate(
    site: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.token("acme")
    strict = replace(installation(), administration=Administration(rate_limit_per_tenant=1))
    monkeypatch.setattr(limiter, "installation", lambda: strict)
    allowed = "The tenant is allowed 1 request a second for its administration."
    listed = [posted(site, token, "tools/call", name="list_spaces", arguments={}) for _ in range(4)]
    results = [answer.json()["result"] for answer in listed]
    told = {result["structuredContent"]["errors"][0]["detail"] for result in results if result["isError"]}
    assert told == {allowed}
    assert refusals("acme")[0] == ("list_spaces", "", "limited", "429 rate_limited")
    malformed = {"name": "recall", "arguments": "no object"}
    for method, params in (("tools/list", {}), ("tools/call", {"name": "no_tool"}), ("tools/call", malformed)):
        late = [
            answer for answer in (posted(site, token, method, **params) for _ in range(4)) if answer.status_code == 429
        ]
        assert late[0].json()["errors"][0]["detail"] == allowed
        assert late[0].headers["Retry-After"] == "1"


def posted(site: str, token: str, method: str, **params: Any) -> httpx2.Response:
    """One message to the server, without a client's handshake before it."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    return httpx2.post(f"{site}/mcp", json=message, headers=headers)


def test_a_call_leaves_the_row_that_rest_would(agent: Agent) -> None:
    agent.done("remember", space="acme_s1", content="Something.")
    agent.refused("recall", space="globex_s1", query="secrets")
    newest = recent_events(Tenant.objects.get(slug="acme").id, 2)
    assert [(event.action, event.outcome, event.space, event.reason) for event in newest] == [
        ("recall", "denied", "globex_s1", "403 space_not_covered"),
        ("remember", "allowed", "acme_s1", ""),
    ]


def message(site: str, body: Any, **headers: str) -> Any:
    return httpx2.post(f"{site}/mcp", json=body, headers={"Accept": "application/json, text/event-stream", **headers})


def test_without_a_token_that_holds_nothing_is_answered(site: str) -> None:
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers in ({}, {"Authorization": "Bearer garbage"}):
        answer = message(site, listing, **headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "body", [[], 17, {"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 1, "method": "no/such"}, [{}] * 3]
)
def test_a_message_that_is_none_is_refused_by_the_protocol(site: str, world: World, body: Any) -> None:
    answer = message(site, body, Authorization=f"Bearer {world.token('acme')}")
    assert answer.status_code in {200, 400, 404}
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("metadata", [rb'{"a": "\u0000"}', b'{"a": NaN}', b'{"a":' * 65 + b"1" + b"}" * 65])
def test_what_cannot_be_stored_is_refused_as_rest_does(site: str, world: World, metadata: bytes) -> None:
    given = b'{"space": "acme_s1", "content": "Something.", "metadata": ' + metadata + b"}"
    call = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "remember", "arguments": ' + given
    headers = {"Authorization": f"Bearer {world.token('acme')}", "Content-Type": "application/json"}
    answer = httpx2.post(f"{site}/mcp", content=call + b"}}", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "parse_error")


def test_there_is_no_stream_to_listen_on(site: str, world: World) -> None:
    answer = httpx2.get(f"{site}/mcp", headers={"Authorization": f"Bearer {world.token('acme')}"})
    assert answer.status_code == 405
