"""Parsing that lets nothing pass unnoticed: unknown fields and parameters are errors, and errors say what was given."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

# Where the message says it all, or what was given is a secret.
_PLAIN_CODES = {"required", "null", "blank", "unknown_field"}
_SHOWN = 60


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know and shows the value that it refuses.

    ``sample`` is a body that works as it stands, for the docs and for the browsable API's forms."""

    secret_fields: frozenset[str] = frozenset()
    sample: ClassVar[Mapping[str, Any]] = {}

    def get_initial(self) -> dict[str, Any]:
        return dict(self.sample)

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Any] = {}
        if isinstance(data, dict):
            allowed = f"Allowed: {', '.join(self.fields)}." if self.fields else "This takes none."
            for name in data.keys() - self.fields.keys():
                problems[name] = [ErrorDetail(f"Unknown field. {allowed}", "unknown_field")]
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            problems.update({name: self._with_given(name, data, detail) for name, detail in error.detail.items()})
        if problems:
            raise ValidationError(problems)
        return values

    def _with_given(self, name: str, data: Any, detail: Any) -> Any:
        if not isinstance(data, dict) or name not in data or name in self.secret_fields or not isinstance(detail, list):
            return detail
        given = repr(data[name])
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
        return [
            ErrorDetail(f"{entry} Given: {shown}.", entry.code)
            if isinstance(entry, ErrorDetail) and entry.code not in _PLAIN_CODES
            else entry
            for entry in detail
        ]


class ChoiceField(serializers.ChoiceField):
    """A choice whose error lists what there is to choose from."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices, **options)
        self.error_messages["invalid_choice"] = f"Allowed: {', '.join(map(str, self.choices))}."


class ExpiryField(serializers.DateTimeField):
    """The moment from which something no longer is, which is still to come."""

    def to_internal_value(self, value: Any) -> datetime:
        expires_at: datetime = super().to_internal_value(value)
        if expires_at <= timezone.now():
            raise serializers.ValidationError("Allowed: a time to come.", "invalid")
        return expires_at


def parse(serializer: type[StrictSerializer], given: Any, **options: Any) -> Any:
    """What was given as the serializer's values; raises ``ValidationError``."""
    parsed = serializer(data=given, **options)
    parsed.is_valid(raise_exception=True)
    return parsed.validated_data


def parse_body(serializer: type[StrictSerializer], request: Request, **options: Any) -> Any:
    """The request's body as the serializer's values; raises ``ValidationError``."""
    return parse(serializer, request.data, **options)


def parse_query(serializer: type[StrictSerializer], request: Request) -> Any:
    """The query parameters as the serializer's values; ``format``, which picks the renderer, is always let by."""
    given = {name: value for name, value in request.query_params.items() if name != "format"}
    return parse(serializer, given)


class NoParameters(StrictSerializer):
    """A route that takes no query parameters."""


class ProblemAnswer(serializers.Serializer[Any]):
    """One thing that is wrong, as every error answers it."""

    code = serializers.CharField(help_text="What is wrong, for programs.")
    detail = serializers.CharField(help_text="What is wrong, for people.")
    attr = serializers.CharField(allow_null=True, help_text="The path of the field at fault, dots between.")
