"""The OpenAPI description: operations by the names that the audit trail calls them, and the one shape of every error."""

from http import HTTPStatus
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from tenants.api.base import EngramView
from tenants.api.strict import ProblemAnswer, StrictSerializer
from tenants.operations import Action

# What any operation may be answered with; the rest depends on what it takes.
_ALWAYS = (400, 401, 403, 406, 429, 503)
_WITH_PATH = (404,)
_WITH_BODY = (411, 413, 415)
_FILLING = {Action.REMEMBER, Action.REMEMBER_BATCH}
_CONFLICTING = {
    Action.CREATE_SPACE,
    Action.UPDATE_SPACE,
    Action.ERASE_SPACE,
    Action.REMEMBER,
    Action.REMEMBER_BATCH,
    Action.UPDATE_MEMORY,
    Action.START_IMPORT,
    Action.CONTINUE_IMPORT,
    Action.CANCEL_IMPORT,
    Action.CREATE_KEY,
    Action.ROTATE_KEY,
    Action.ROTATE_SIGNING_KEY,
    Action.CREATE_TEAM,
    Action.DELETE_TEAM,
    Action.ADD_MEMBER,
    Action.UPDATE_MEMBER,
    Action.REMOVE_MEMBER,
}


class ErrorAnswer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["validation_error", "client_error", "server_error"])
    errors = ProblemAnswer(many=True)  # type: ignore[assignment]  # DRF's own is private use


class EngramSchema(AutoSchema):
    @property
    def action(self) -> Action:
        return cast(EngramView, self.view).actions[self.method]

    def get_operation_id(self) -> str:
        return str(self.action.value)

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        # The generator adds the word itself.
        return str(super().get_serializer_name(serializer, direction).removesuffix("Request"))

    def get_examples(self) -> list[OpenApiExample]:
        sample = getattr(self.get_request_serializer(), "sample", None)
        return [OpenApiExample("A request", sample, request_only=True)] if sample else []

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        strict = {"additionalProperties": False} if isinstance(serializer, StrictSerializer) else {}
        described = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return {**described, **strict}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        statuses = (
            _ALWAYS
            + (_WITH_PATH if "{" in self.path else ())
            + (_WITH_BODY if self.method in {"POST", "PUT", "PATCH"} else ())
            + ((507,) if self.action in _FILLING else ())
            + ((409,) if self.action in _CONFLICTING else ())
        )
        errors = {
            str(status): {
                **self._get_response_for_code(ErrorAnswer, str(status)),  # type: ignore[no-untyped-call]
                "description": HTTPStatus(status).phrase,
            }
            for status in statuses
        }
        return {**super()._get_response_bodies(direction), **errors}


def doc_excludes() -> list[type]:
    """Classes whose docstrings are for us, not for the API's readers."""
    return [*get_lib_doc_excludes(), StrictSerializer]


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class MemberScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.authentication.MemberAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
