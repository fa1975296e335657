"""The base of every API view."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from tenants.api.strict import NoParameters, StrictSerializer, parse_query
from tenants.callers import Caller
from tenants.operations import Action
from tenants.scope import SpaceScope
from tenants.services.access import open_space


class EngramView(GenericAPIView[Any]):
    """``actions`` names the operation behind each method, under which refusals are recorded too."""

    # HEAD and OPTIONS name no operation, so nothing would be recorded of who asked what.
    http_method_names = ["get", "post", "put", "patch", "delete"]
    actions: ClassVar[Mapping[str, Action]] = {}
    query_serializers: ClassVar[Mapping[str, type[StrictSerializer]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.parameters = parse_query(self.query_serializers.get(request.method or "", NoParameters), request)

    @property
    def caller(self) -> Caller:
        return self.request.user  # type: ignore[return-value]

    def open_space(self, permission: str) -> SpaceScope:
        return open_space(self.caller, self.kwargs["space"], permission)
