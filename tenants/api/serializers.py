"""The control plane's JSON."""

from typing import Any

from rest_framework import serializers

from tenants.api.strict import ChoiceField, StrictSerializer
from tenants.models import SPACE_NAME, Permission, Space


class ClaimsField(serializers.DictField):
    """``{"acme_support": ["read", "write"]}``"""

    child = serializers.ListField(child=ChoiceField(Permission.choices), allow_empty=False)


class TokenRequest(StrictSerializer):
    """Either ``api_key``, or ``username`` and ``password``; ``spaces`` narrows the token, never widens it."""

    secret_fields = frozenset({"api_key", "password"})
    sample = {"api_key": "egk_…"}

    api_key = serializers.CharField(required=False, max_length=200, trim_whitespace=False)
    username = serializers.CharField(required=False, max_length=150)
    password = serializers.CharField(required=False, max_length=200, trim_whitespace=False)
    tenant = serializers.CharField(required=False, max_length=63)
    spaces = ClaimsField(required=False, allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_key, by_login = "api_key" in attrs, "username" in attrs and "password" in attrs
        if by_key == by_login or (by_key and attrs.keys() & {"username", "password", "tenant"}):
            raise serializers.ValidationError("Send either 'api_key', or 'username' and 'password'.", "credentials")
        return attrs


class RefreshRequest(StrictSerializer):
    secret_fields = frozenset({"refresh"})
    sample = {"refresh": "eyJ…"}

    refresh = serializers.CharField(max_length=2000)


class TokenAnswer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    spaces = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ActorAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField()


class LimitsAnswer(serializers.Serializer[Any]):
    hot_capacity_per_space = serializers.IntegerField()
    warm_capacity_per_space = serializers.IntegerField()
    cold_capacity_per_space = serializers.IntegerField()
    max_spreading_depth = serializers.IntegerField()
    rate_limit_per_space = serializers.IntegerField(help_text="Operations a second.")
    max_concurrent_per_space = serializers.IntegerField()


class HeldSpaceAnswer(serializers.Serializer[Any]):
    permissions = serializers.ListField(child=serializers.CharField())
    limits = LimitsAnswer()


class WhoamiAnswer(serializers.Serializer[Any]):
    tenant = serializers.CharField()
    actor = ActorAnswer()
    spaces = serializers.DictField(child=HeldSpaceAnswer())


TEXT_SEARCH = (
    "How words are read: one of PostgreSQL's text search configurations, as english, german or simple (any language)."
)


class SpaceRequest(StrictSerializer):
    sample = {"name": "our_notes", "title": "Our notes", "description": "What the team has found out."}

    name = serializers.CharField(validators=[SPACE_NAME], trim_whitespace=False)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    parent = serializers.CharField(required=False, max_length=64)  # type: ignore[assignment]  # DRF's own is private use
    team = serializers.CharField(required=False, max_length=63)
    embedding_model = serializers.CharField(required=False, max_length=200)
    embedding_dimension = serializers.IntegerField(required=False, min_value=1, max_value=16_000)
    text_search = serializers.CharField(required=False, max_length=63, help_text=TEXT_SEARCH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("embedding_model" in attrs) != ("embedding_dimension" in attrs):
            raise serializers.ValidationError("Send 'embedding_model' and 'embedding_dimension' together, or neither.")
        return attrs


class SpaceChange(StrictSerializer):
    sample = {"title": "Our notes"}

    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_null=True, max_length=64, help_text="Null: at the top."
    )
    team = serializers.CharField(required=False, allow_null=True, max_length=63, help_text="Null: of no team.")
    status = ChoiceField([Space.Status.ACTIVE.value, Space.Status.ARCHIVED.value], required=False)
    text_search = serializers.CharField(required=False, max_length=63, help_text=TEXT_SEARCH)


class SpaceAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    owner = serializers.CharField(help_text="The tenant that the space belongs to.")
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    team = serializers.CharField(allow_null=True, help_text="Whose it is, if a team's of the caller's tenant.")
    status = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField(), help_text="What the caller may do here now.")
    embedding_model = serializers.CharField()
    embedding_dimension = serializers.IntegerField()
    text_search = serializers.CharField(help_text=TEXT_SEARCH)
    text_search_status = serializers.ChoiceField(
        ["current", "changing"], help_text="Changing: a worker reads the words of older memories by it."
    )
    created_at = serializers.DateTimeField()


class ErasureAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    space = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    memories = serializers.IntegerField(allow_null=True, help_text="When it began; null before.")
    erased = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows deleted so far, by table that was begun."
    )
    finished_at = serializers.DateTimeField(allow_null=True)


class ErasuresAnswer(serializers.Serializer[Any]):
    results = ErasureAnswer(many=True)


class SpacesAnswer(serializers.Serializer[Any]):
    results = SpaceAnswer(many=True)
