"""Answers in JSON, written from what services return without asking every field of every row how it is written."""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

Column = tuple[str, Callable[[Any], Any], Callable[[Any], Any]]


class AnswerSerializer(serializers.Serializer[Any]):
    """What rows of an answer hold: values that the renderer writes as they are, and other rows.

    A class looks at its fields once. DRF's own look at each field of each row, which took longer than finding the rows.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: write(get(instance)) for name, get, write in _columns(type(self))}


@cache
def _columns(answer: type[AnswerSerializer]) -> Sequence[Column]:
    return [_column(name, field) for name, field in answer().fields.items()]


def _column(name: str, field: Any) -> Column:
    get = _as_it_is if field.source == "*" else attrgetter(field.source)
    return name, get, field.to_representation if isinstance(field, AnswerSerializer) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


class AnswerRenderer(JSONRenderer):
    """JSON with UUIDs and times as DRF writes them; indented where somebody reads it."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None or self.get_indent(accepted_media_type or "", renderer_context or {}):
            return super().render(data, accepted_media_type, renderer_context)
        return msgspec.json.encode(data, enc_hook=_text)


def _text(value: Any) -> str:
    """What is a text in all but its type: an error's detail with its code, a translation."""
    if isinstance(value, str | Promise):
        return str(value)
    raise TypeError(f"An answer holds a {type(value).__name__}, which JSON has no form for.")
