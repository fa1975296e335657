"""The memory API's JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from memory.api.fields import ConfidenceField, ContentField, KindField, MetadataField, VectorField
from memory.models import Tier
from memory.records import Link, NewMemory
from memory.services.recall import DEPTH, SPREADING
from tenants.api.answers import AnswerSerializer
from tenants.api.strict import ChoiceField, ExpiryField, ProblemAnswer, StrictSerializer
from tenants.limits import installation

DEPTH_HELP = f"Hops along associations; without, {DEPTH}, or as many as the space allows."

Numbers = extend_schema_field({"type": "array", "items": {"type": "number"}, "minItems": 1})(VectorField)


class LinkRequest(StrictSerializer):
    target = serializers.UUIDField()
    weight = serializers.FloatField(default=1.0, min_value=0.000001, max_value=1)


class WeightRequest(StrictSerializer):
    sample = {"weight": 0.8}

    weight = serializers.FloatField(default=1.0, min_value=0.000001, max_value=1)


class MemoryRequest(StrictSerializer):
    sample = {"content": "Priya prefers to be called in the morning.", "kind": "preference", "session": "call-17"}

    content = ContentField()
    kind = KindField(required=False)
    confidence = ConfidenceField(required=False)
    session = serializers.CharField(required=False, allow_null=True, max_length=200)
    metadata = MetadataField(required=False)
    observed_at = serializers.DateTimeField(required=False)
    expires_at = ExpiryField(required=False, allow_null=True)
    embedding = Numbers(required=False, help_text="The client's own vector; without one the server embeds the content.")
    associations = serializers.ListField(child=LinkRequest(), required=False, max_length=100)


class BatchRequest(StrictSerializer):
    sample = {"memories": [{"content": "The first of many."}, {"content": "The second.", "confidence": 0.7}]}

    memories = MemoryRequest(many=True, allow_empty=False)

    def to_internal_value(self, data: Any) -> Any:
        given = data.get("memories") if isinstance(data, dict) else None
        most = installation().sizes.batch
        if isinstance(given, list) and len(given) > most:
            raise serializers.ValidationError(
                {"memories": [ErrorDetail(f"This has {len(given):,} memories; allowed: {most:,}.", "too_large")]}
            )
        return super().to_internal_value(data)


class MemoryChange(StrictSerializer):
    sample = {"confidence": 0.9}

    content = ContentField(required=False)
    kind = KindField(required=False)
    confidence = ConfidenceField(required=False)
    session = serializers.CharField(required=False, allow_null=True, max_length=200)
    metadata = MetadataField(required=False)
    observed_at = serializers.DateTimeField(required=False)
    expires_at = ExpiryField(required=False, allow_null=True)
    embedding = Numbers(required=False)


class MemoryAnswer(AnswerSerializer):
    id = serializers.UUIDField()
    space = serializers.CharField()
    content = serializers.CharField()
    kind = serializers.CharField()
    confidence = serializers.FloatField()
    session = serializers.CharField(allow_null=True)
    metadata = serializers.DictField()
    observed_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    tier = serializers.ChoiceField(Tier.choices)
    recall_count = serializers.IntegerField()
    last_recalled_at = serializers.DateTimeField(allow_null=True)


class RememberedAnswer(MemoryAnswer):
    created = serializers.BooleanField(help_text="False: the space had this content already, and it was reinforced.")


class BatchItemAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created = serializers.BooleanField()


class BatchAnswer(serializers.Serializer[Any]):
    results = BatchItemAnswer(many=True)


class ListParameters(StrictSerializer):
    tier = ChoiceField(Tier.choices, required=False)
    kind = KindField(required=False)
    session = serializers.CharField(required=False, max_length=200)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    cursor = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class PageAnswer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    results = MemoryAnswer(many=True)


class RecallFilters(StrictSerializer):
    session = serializers.CharField(required=False, max_length=200)
    kind = KindField(required=False)
    metadata = MetadataField(required=False, help_text="Contained in the memory's metadata.")
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    observed_after = serializers.DateTimeField(required=False)
    observed_before = serializers.DateTimeField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


class CueRequest(StrictSerializer):
    sample = {"query": "When should we call Priya?", "limit": 3}

    query = ContentField(required=False)
    embedding = Numbers(required=False)
    limit = serializers.IntegerField(default=10, min_value=1)
    depth = serializers.IntegerField(required=False, min_value=0, help_text=DEPTH_HELP)
    seeds = serializers.ListField(
        child=ChoiceField([("semantic", "By meaning"), ("lexical", "By words")]),
        default=["semantic", "lexical"],
        allow_empty=False,
    )
    threshold = serializers.FloatField(default=SPREADING.threshold, min_value=0, max_value=1)
    tiers = serializers.ListField(
        child=ChoiceField(Tier.choices),
        required=False,
        allow_empty=False,
        help_text="Without: hot and warm, and cold if these find nothing good, or too few that pass the filters.",
    )
    filters = RecallFilters(required=False)
    explain = serializers.BooleanField(default=True)

    def validate_limit(self, value: int) -> int:
        most = installation().sizes.results
        if value > most:
            raise serializers.ValidationError(f"Allowed: 1 to {most}.", "max_value")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        allowed = [name for name in ("query", "embedding", "memory") if name in self.fields]
        cues = [name for name in allowed if name in attrs]
        if len(cues) != 1:
            raise serializers.ValidationError(
                f"Send exactly one of {', '.join(map(repr, allowed))}. Given: {', '.join(cues) or 'none'}.", "cue"
            )
        if "embedding" in attrs and set(attrs["seeds"]) == {"lexical"}:
            raise serializers.ValidationError("An 'embedding' has no words; allowed 'seeds' for it: semantic.", "cue")
        return attrs


class RecallRequest(CueRequest):
    memory = serializers.UUIDField(required=False)


class RecallAcrossRequest(CueRequest):
    """Not by a memory's id, which means something in its own space alone. Without ``spaces``: all that the token may read."""

    spaces = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, allow_empty=False, max_length=100
    )


class HitAnswer(serializers.Serializer[Any]):
    memory = MemoryAnswer()
    space = serializers.CharField()
    score = serializers.FloatField()
    similarity = serializers.FloatField(required=False, allow_null=True, help_text="Cosine of cue and memory.")
    lexical = serializers.FloatField(
        required=False, help_text="Summed IDF of the words they share, those in the heading counted twice."
    )
    activation = serializers.FloatField(required=False, help_text="0 to 1.")
    depth = serializers.IntegerField(required=False, help_text="Hops from the nearest seed.")
    path = serializers.ListField(child=serializers.UUIDField(), required=False)


class SpreadSummary(serializers.Serializer[Any]):
    depth = serializers.IntegerField()
    visited = serializers.IntegerField()


class RecallAnswer(serializers.Serializer[Any]):
    results = HitAnswer(many=True)
    took_ms = serializers.FloatField()
    spread = SpreadSummary()


class AskedAnswer(serializers.Serializer[Any]):
    space = serializers.CharField()
    hits = serializers.IntegerField()
    took_ms = serializers.FloatField()
    problem = ProblemAnswer(allow_null=True, help_text="Why this space could not answer, where it could not.")


class RecallAcrossAnswer(serializers.Serializer[Any]):
    results = HitAnswer(many=True)
    spaces = AskedAnswer(many=True)
    took_ms = serializers.FloatField()


class SpreadRequest(StrictSerializer):
    sample = {"from": ["01a209cb-4ae1-75b3-9b16-17db08509c3e"], "depth": 2}

    depth = serializers.IntegerField(required=False, min_value=0, help_text=DEPTH_HELP)
    # Less, over several hops, would be smaller than any number that the database can hold.
    decay = serializers.FloatField(default=SPREADING.decay, min_value=0.001, max_value=1)
    threshold = serializers.FloatField(default=SPREADING.threshold, min_value=0, max_value=1)

    def get_fields(self) -> dict[str, Any]:
        # ``from`` is a keyword, which a class body cannot name.
        sources = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=100)
        return {"from": sources, **super().get_fields()}


class ActivatedMemoryAnswer(AnswerSerializer):
    id = serializers.UUIDField()
    content = serializers.CharField()
    kind = serializers.CharField()
    session = serializers.CharField(allow_null=True)
    tier = serializers.ChoiceField(Tier.choices)


class ActivationAnswer(AnswerSerializer):
    memory = ActivatedMemoryAnswer(source="*")
    activation = serializers.FloatField()
    depth = serializers.IntegerField()
    path = serializers.ListField(child=serializers.UUIDField())


class AssociationAnswer(AnswerSerializer):
    source = serializers.UUIDField()  # type: ignore[assignment]  # a field's own ``source`` is an argument
    target = serializers.UUIDField()
    kind = serializers.CharField()
    weight = serializers.FloatField()


class SpreadAnswer(serializers.Serializer[Any]):
    activations = ActivationAnswer(many=True)
    associations = AssociationAnswer(many=True)
    is_cut = serializers.BooleanField(help_text="Whether more may be activated than the thousand that are most.")


class AssociationsAnswer(serializers.Serializer[Any]):
    results = AssociationAnswer(many=True)
    is_cut = serializers.BooleanField(help_text="Whether there are more.")


def new_memory(values: dict[str, Any]) -> NewMemory:
    """A parsed ``MemoryRequest`` as the service takes it."""
    links = tuple(Link(**link) for link in values.get("associations", ()))
    return NewMemory(**{**values, "associations": links})
