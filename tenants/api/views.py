"""The control plane's API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers
from tenants.api.base import ControlView, EngramView
from tenants.api.strict import parse_body
from tenants.operations import Action
from tenants.services import erasures, exchange, spaces
from tenants.services.exchange import TokenPair
from tenants.services.whoami import whoami


class AnonymousView(EngramView):
    """For whoever comes: credentials are small, and nobody unknown is to have a large body read.

    Whose rate it counts towards is known once the credentials are."""

    authentication_classes = []
    permission_classes = []
    most_bytes = 65_536


class TokenView(AnonymousView):
    """Exchange an API key, or a member's login, for a short-lived token."""

    actions = {"POST": Action.ISSUE_TOKEN}
    serializer_class = serializers.TokenRequest

    @extend_schema(request=serializers.TokenRequest, responses=serializers.TokenAnswer, auth=[])
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.TokenRequest, request)
        wanted = _claims(given.get("spaces"))
        origin = request._request.origin  # type: ignore[attr-defined]
        if "api_key" in given:
            pair = exchange.exchange_key(origin, given["api_key"], wanted)
        else:
            pair = exchange.exchange_login(origin, given["username"], given["password"], given.get("tenant"), wanted)
        return Response(_pair(pair))


class RefreshView(AnonymousView):
    """Exchange a refresh token for the next pair. Each works once; a second use revokes every token that came of it."""

    actions = {"POST": Action.REFRESH_TOKEN}
    serializer_class = serializers.RefreshRequest

    @extend_schema(request=serializers.RefreshRequest, responses=serializers.TokenAnswer, auth=[])
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.RefreshRequest, request)
        return Response(_pair(exchange.refresh(request._request.origin, given["refresh"])))  # type: ignore[attr-defined]


class RevokeView(AnonymousView):
    """End a refresh token and all that came of it."""

    actions = {"POST": Action.REVOKE_TOKEN}
    serializer_class = serializers.RefreshRequest

    @extend_schema(request=serializers.RefreshRequest, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.RefreshRequest, request)
        exchange.revoke(request._request.origin, given["refresh"])  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


class WhoamiView(ControlView):
    """Who the token speaks for, and what it may touch right now."""

    actions = {"GET": Action.WHOAMI}
    serializer_class = serializers.WhoamiAnswer

    @extend_schema(responses=serializers.WhoamiAnswer)
    def get(self, request: Request) -> Response:
        return Response(serializers.WhoamiAnswer(whoami(self.caller)).data)


class SpacesView(ControlView):
    """The spaces that the caller may touch; make a new one."""

    actions = {"GET": Action.LIST_SPACES, "POST": Action.CREATE_SPACE}
    serializer_class = serializers.SpaceRequest

    @extend_schema(responses=serializers.SpacesAnswer)
    def get(self, request: Request) -> Response:
        return Response({"results": serializers.SpaceAnswer(spaces.list_spaces(self.caller), many=True).data})

    @extend_schema(request=serializers.SpaceRequest, responses={201: serializers.SpaceAnswer})
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.SpaceRequest, request)
        made = spaces.create_space(self.caller, spaces.NewSpace(**given))
        return Response(serializers.SpaceAnswer(made).data, status=status.HTTP_201_CREATED)


class SpaceView(ControlView):
    """One space: its description and its place, which its managers may change. An archived one is still seen, and let return.

    Deleting it begins to erase it: nobody may enter from then on, a worker deletes all that it holds, and it is gone for good.
    """

    actions = {"GET": Action.READ_SPACE, "PATCH": Action.UPDATE_SPACE, "DELETE": Action.ERASE_SPACE}
    serializer_class = serializers.SpaceChange

    @extend_schema(responses=serializers.SpaceAnswer)
    def get(self, request: Request, space: str) -> Response:
        return Response(serializers.SpaceAnswer(spaces.read_space(self.caller, space)).data)

    @extend_schema(request=serializers.SpaceChange, responses=serializers.SpaceAnswer)
    def patch(self, request: Request, space: str) -> Response:
        changed = spaces.update_space(self.caller, space, parse_body(serializers.SpaceChange, request))
        return Response(serializers.SpaceAnswer(changed).data)

    @extend_schema(request=None, responses={202: serializers.ErasureAnswer})
    def delete(self, request: Request, space: str) -> Response:
        begun = erasures.erase_space(self.caller, space)
        return Response(serializers.ErasureAnswer(begun).data, status=status.HTTP_202_ACCEPTED)


class ErasuresView(ControlView):
    """The newest hundred spaces that were or are being erased: for a tenant's admins of all, for others of their own asking."""

    actions = {"GET": Action.LIST_ERASURES}
    serializer_class = serializers.ErasureAnswer

    @extend_schema(responses=serializers.ErasuresAnswer)
    def get(self, request: Request) -> Response:
        return Response({"results": serializers.ErasureAnswer(erasures.list_erasures(self.caller), many=True).data})


def _claims(spaces: dict[str, list[str]] | None) -> dict[str, frozenset[str]] | None:
    return None if spaces is None else {name: frozenset(permissions) for name, permissions in spaces.items()}


def _pair(pair: TokenPair) -> Any:
    spaces = {name: sorted(permissions) for name, permissions in pair.spaces.items()}
    return {"access": pair.access, "refresh": pair.refresh, "expires_in": pair.expires_in, "spaces": spaces}
