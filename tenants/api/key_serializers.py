"""The JSON of API keys and signing keys."""

from typing import Any

from rest_framework import serializers

from tenants.api.serializers import ClaimsField
from tenants.api.strict import ChoiceField, ExpiryField, StrictSerializer
from tenants.models import SPACE_NAME, SigningKey

MOST_SPACES = 1_000
LONGEST_GRACE_SECONDS = 86_400


class KeyRequest(StrictSerializer):
    sample = {"name": "support desk", "spaces": {"our_notes": ["read", "write"]}}

    name = serializers.CharField(max_length=100)
    spaces = ClaimsField(allow_empty=False)
    expires_at = ExpiryField(required=False, allow_null=True)

    def validate_spaces(self, spaces: dict[str, list[str]]) -> dict[str, frozenset[str]]:
        if len(spaces) > MOST_SPACES:
            raise serializers.ValidationError(
                f"This names {len(spaces):,} spaces; allowed: {MOST_SPACES:,}.", "max_length"
            )
        for name in spaces:
            SPACE_NAME(name)
        return {name: frozenset(permissions) for name, permissions in spaces.items()}


class RotateRequest(StrictSerializer):
    sample = {"grace_seconds": 3600}

    grace_seconds = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST_GRACE_SECONDS,
        help_text="For how long the old key works beside the new one.",
    )
    expires_at = ExpiryField(
        required=False, allow_null=True, help_text="By default when the old key was to; null: not by itself."
    )


class KeyAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What the key shows after 'egk_'.")
    spaces = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    rotated_at = serializers.DateTimeField(allow_null=True, help_text="When another key took its place.")
    revoked_at = serializers.DateTimeField(allow_null=True)


class KeysAnswer(serializers.Serializer[Any]):
    results = KeyAnswer(many=True)


class NewKeyAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    api_key = serializers.CharField(help_text="Shown now and never again.")
    spaces = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class SigningKeyRequest(StrictSerializer):
    # Whoever sends a private key by mistake should not find it in an answer too.
    secret_fields = frozenset({"public_key"})
    sample = {"name": "our backend", "algorithm": "HS256"}

    name = serializers.CharField(max_length=100)
    algorithm = ChoiceField(SigningKey.Algorithm.values)
    public_key = serializers.CharField(required=False, max_length=10_000, help_text="PEM, for RS256 and EdDSA.")
    expires_at = ExpiryField(required=False, allow_null=True)


class RotateSigningKeyRequest(RotateRequest):
    secret_fields = frozenset({"public_key"})

    public_key = serializers.CharField(
        required=False,
        max_length=10_000,
        help_text="The new one in PEM, for RS256 and EdDSA; HS256 is drawn a new secret.",
    )


class SigningKeyAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kid = serializers.CharField(help_text="Goes into the header of the tokens that it signs.")
    name = serializers.CharField()
    algorithm = serializers.CharField()
    public_key = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    rotated_at = serializers.DateTimeField(allow_null=True, help_text="When another key took its place.")
    revoked_at = serializers.DateTimeField(allow_null=True)


class SigningKeysAnswer(serializers.Serializer[Any]):
    results = SigningKeyAnswer(many=True)


class NewSigningKeyAnswer(SigningKeyAnswer):
    secret = serializers.CharField(allow_null=True, help_text="HS256's, as it stands. Shown now and never again.")
