"""``/mcp``: the tools for agents, with the tokens of the REST API."""

import json
from io import BytesIO
from typing import Any

import mcp_types as types
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from mcp.shared.exceptions import MCPError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from memory.mcp.server import respond
from memory.mcp.tools import TOOLS, Arguments, chosen
from tenants.api.answers import AnswerRenderer
from tenants.api.base import EngramView
from tenants.authentication import TokenAuthentication
from tenants.errors import Invalid
from tenants.operations import Action
from tenants.services import limiter


class McpView(EngramView):
    """One JSON-RPC message. What a tool refuses is its answer, for the agent to read; a token that does not hold is a 401."""

    actions = {"POST": Action.CALL_TOOL}
    authentication_classes = [TokenAuthentication]
    renderer_classes = [AnswerRenderer]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponse:
        body = request._request.read()
        # The SDK's reader lets by what REST refuses and the database cannot hold.
        self.get_parsers()[0].parse(BytesIO(body))
        answer = respond(request._request, body, self.call_tool)
        if self.actions["POST"] == Action.CALL_TOOL:
            # It reached no tool, and so no space's rate.
            limiter.spend_of_tenant(self.caller.tenant_id)
        return answer

    def call_tool(self, name: str, arguments: Arguments) -> types.CallToolResult:
        """Do what a tool does and record it, refusals included, under the operation that it is."""
        tool = chosen(name, arguments)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {name[:60]!r}; allowed: {', '.join(TOOLS)}.")
        self.actions = {"POST": tool.action}  # type: ignore[misc]  # this request's, under which a refusal is recorded
        try:
            self.kwargs["space"] = _space(tool.required, arguments)
            return _result(tool.act(self, {key: value for key, value in arguments.items() if key != "space"}))
        except (APIException, DatabaseError, InterfaceError) as error:
            return _refusal(self.handle_exception(error))


def _space(required: Any, arguments: Arguments) -> str:
    name = arguments.get("space", "")
    if not isinstance(name, str) or (not name and "space" in required):
        raise Invalid(f"'space' is {name!r}; allowed: the name of a space.", attr="space")
    return name


def _result(answer: Any) -> types.CallToolResult:
    text = AnswerRenderer().render(answer).decode()
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=json.loads(text)
    )


def _refusal(response: Response) -> types.CallToolResult:
    told = [
        ": ".join(filter(None, [error["code"], error["attr"], error["detail"]])) for error in response.data["errors"]
    ]
    if "Retry-After" in response.headers:
        told.append(f"Try again after {response.headers['Retry-After']} s.")
    return types.CallToolResult(
        content=[types.TextContent(type="text", text="\n".join(told))],
        structured_content=dict(response.data),
        is_error=True,
    )
