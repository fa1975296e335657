"""The JSON of members, teams, and what is granted to them and to other tenants."""

from typing import Any

from rest_framework import serializers

from tenants.api.strict import ChoiceField, StrictSerializer
from tenants.models import TEAM_SLUG, Membership, Permission

GRANTEES = ("tenant", "team", "member")
MOST_NAME = 150


class MemberRequest(StrictSerializer):
    """``password`` is for a person who is new to this installation; who has an account keeps theirs."""

    secret_fields = frozenset({"password"})
    sample = {"username": "dora", "role": "member", "password": "to be changed by Dora"}

    username = serializers.CharField(max_length=MOST_NAME, trim_whitespace=False)
    role = ChoiceField(Membership.Role.values)
    password = serializers.CharField(required=False, max_length=200, trim_whitespace=False)


class MemberChange(StrictSerializer):
    sample = {"role": "admin"}

    role = ChoiceField(Membership.Role.values)


class MemberAnswer(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.CharField()
    teams = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField(help_text="When they became a member.")


class AddedMemberAnswer(MemberAnswer):
    new_account = serializers.BooleanField(help_text="False: they had an account, and keep its password.")


class MembersAnswer(serializers.Serializer[Any]):
    results = MemberAnswer(many=True)


class TeamRequest(StrictSerializer):
    sample = {"slug": "platform", "name": "Platform team"}

    slug = serializers.CharField(validators=[TEAM_SLUG], trim_whitespace=False)
    name = serializers.CharField(required=False, max_length=200, help_text="By default the slug.")


class TeamChange(StrictSerializer):
    sample = {"name": "Platform team"}

    name = serializers.CharField(max_length=200)


class TeamRemoval(StrictSerializer):
    move_spaces_to = serializers.CharField(
        required=False, allow_blank=True, max_length=63, help_text="Another team, or empty: no team."
    )


class TeamMemberRequest(StrictSerializer):
    """The path says it all."""


class TeamAnswer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    members = serializers.ListField(child=serializers.CharField(), help_text="Usernames.")
    created_at = serializers.DateTimeField()


class TeamsAnswer(serializers.Serializer[Any]):
    results = TeamAnswer(many=True)


class GrantRequest(StrictSerializer):
    """To one of ``tenant``, ``team`` and ``member``."""

    sample = {"team": "platform", "permissions": ["read"]}

    tenant = serializers.CharField(required=False, max_length=63)
    team = serializers.CharField(required=False, max_length=63, help_text="Of the space's own tenant.")
    member = serializers.CharField(required=False, max_length=MOST_NAME, help_text="Of the space's own tenant.")
    permissions = serializers.ListField(
        child=ChoiceField([Permission.READ.value, Permission.WRITE.value]), allow_empty=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [kind for kind in GRANTEES if kind in attrs]
        if len(named) != 1:
            raise serializers.ValidationError(
                f"Send exactly one of 'tenant', 'team' and 'member'. Given: {', '.join(named) or 'none'}.", "grantee"
            )
        (kind,) = named
        return {"kind": kind, "grantee": attrs[kind], "permissions": attrs["permissions"]}


class GrantAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    space = serializers.CharField()
    tenant = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    member = serializers.CharField(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class GrantsAnswer(serializers.Serializer[Any]):
    results = GrantAnswer(many=True)
