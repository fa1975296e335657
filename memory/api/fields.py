"""Fields that the memory API needs beyond DRF's."""

import json
from typing import Any

import numpy as np
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from memory.kinds import KIND, KIND_RULE
from tenants.limits import installation


class ContentField(serializers.CharField):
    """A memory's text, kept as it is, up to the installation's size in UTF-8 bytes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if not text.strip():
            self.fail("blank")
        size, most = len(text.encode()), installation().sizes.content_bytes
        if size > most:
            raise serializers.ValidationError(f"This has {size:,} bytes; allowed: {most:,}.", "too_large")
        return str(text)


@extend_schema_field({"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$"})
class KindField(serializers.CharField):
    """The client's own sort of memory: a short lower-case word."""

    def to_internal_value(self, data: Any) -> str:
        kind = super().to_internal_value(data)
        if not KIND.match(kind):
            raise serializers.ValidationError(f"Allowed: {KIND_RULE}.", "invalid")
        return str(kind)


class ConfidenceField(serializers.FloatField):
    """From 0 to 1, to the six digits that are stored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=1, **options)

    def to_internal_value(self, data: Any) -> float:
        return round(super().to_internal_value(data), 6)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class MetadataField(serializers.JSONField):
    """A JSON object of the client's own, up to the installation's size in bytes."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Allowed: a JSON object.", "invalid")
        try:
            size = len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode())
        except ValueError as error:
            raise serializers.ValidationError("Allowed: finite numbers.", "invalid") from error
        most = installation().sizes.metadata_bytes
        if size > most:
            raise serializers.ValidationError(f"This has {size:,} bytes as JSON; allowed: {most:,}.", "too_large")
        return data


class VectorField(serializers.Field[Any, Any, Any, Any]):
    """A list of numbers, checked at once rather than one by one."""

    default_error_messages = {"invalid": "Allowed: a list of numbers."}

    def to_internal_value(self, data: Any) -> list[float]:
        if not isinstance(data, list) or not data:
            self.fail("invalid")
        kinds = set(map(type, data))
        if not kinds <= {int, float}:
            self.fail("invalid")
        try:
            np.asarray(data, dtype=np.float64)
        except OverflowError:
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return list(value)
