"""The base of every API view."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from tenants.api.strict import NoParameters, StrictSerializer, parse_query
from tenants.callers import Caller
from tenants.operations import Action
from tenants.scope import SpaceScope
from tenants.services import limiter
from tenants.services.access import open_space


class EngramView(GenericAPIView[Any]):
    """``actions`` names the operation behind each method, under which refusals are recorded too."""

    # HEAD and OPTIONS name no operation, so nothing would be recorded of who asked what.
    http_method_names = ["get", "post", "put", "patch", "delete"]
    actions: ClassVar[Mapping[str, Action]] = {}
    query_serializers: ClassVar[Mapping[str, type[StrictSerializer]]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.places:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.parameters = parse_query(self.query_serializers.get(request.method or "", NoParameters), request)

    @property
    def caller(self) -> Caller:
        return self.request.user  # type: ignore[return-value]

    def open_space(self, permission: str) -> SpaceScope:
        """The path's space, through the one door and within its limits: a place until the answer is made, and one operation's
        rate."""
        scope = open_space(self.caller, self.kwargs["space"], permission)
        self.places.enter_context(limiter.occupy(scope))
        limiter.spend(scope)
        return scope


class ControlView(EngramView):
    """The base of what no space's rate counts: each request counts towards its tenant's."""

    def check_throttles(self, request: Request) -> None:
        limiter.spend_of_tenant(self.caller.tenant_id)
