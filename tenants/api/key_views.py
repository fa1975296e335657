"""The API of a tenant's keys: those that its applications hold, and those that it signs tokens with."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import key_serializers as serializers
from tenants.api.base import ControlView
from tenants.api.strict import parse_body
from tenants.operations import Action
from tenants.services import keys, signing_keys


class KeysView(ControlView):
    """The tenant's API keys, the newest thousand, newest first; make one. For the tenant's admins."""

    actions = {"GET": Action.LIST_KEYS, "POST": Action.CREATE_KEY}
    serializer_class = serializers.KeyRequest

    @extend_schema(responses=serializers.KeysAnswer)
    def get(self, request: Request) -> Response:
        return Response({"results": serializers.KeyAnswer(keys.list_keys(self.caller), many=True).data})

    @extend_schema(request=serializers.KeyRequest, responses={201: serializers.NewKeyAnswer})
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.KeyRequest, request)
        made = keys.create_key(
            self.caller, None, given["spaces"], name=given["name"], expires_at=given.get("expires_at")
        )
        return _made(made)


class KeyView(ControlView):
    """One API key. Revoked, it ends with every token that came of it."""

    actions = {"GET": Action.READ_KEY, "DELETE": Action.REVOKE_KEY}
    serializer_class = serializers.KeyAnswer

    @extend_schema(responses=serializers.KeyAnswer)
    def get(self, request: Request, key_id: UUID) -> Response:
        return Response(serializers.KeyAnswer(keys.read_key(self.caller, key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        keys.revoke_key(self.caller, key_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateKeyView(ControlView):
    """Put a new key in an old one's place. The old one ends at once, or after ``grace_seconds``."""

    actions = {"POST": Action.ROTATE_KEY}
    serializer_class = serializers.RotateRequest

    @extend_schema(request=serializers.RotateRequest, responses={201: serializers.NewKeyAnswer})
    def post(self, request: Request, key_id: UUID) -> Response:
        given: dict[str, Any] = dict(parse_body(serializers.RotateRequest, request))
        grace = timedelta(seconds=given.pop("grace_seconds"))
        return _made(keys.rotate_key(self.caller, key_id, grace=grace, **given))


class SigningKeysView(ControlView):
    """The keys that the tenant's backend signs tokens with, newest first; register one. For the tenant's admins."""

    actions = {"GET": Action.LIST_SIGNING_KEYS, "POST": Action.CREATE_SIGNING_KEY}
    serializer_class = serializers.SigningKeyRequest

    @extend_schema(responses=serializers.SigningKeysAnswer)
    def get(self, request: Request) -> Response:
        found = signing_keys.list_signing_keys(self.caller)
        return Response({"results": serializers.SigningKeyAnswer(found, many=True).data})

    @extend_schema(request=serializers.SigningKeyRequest, responses={201: serializers.NewSigningKeyAnswer})
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.SigningKeyRequest, request)
        return _registered(*signing_keys.create_signing_key(self.caller, **given))


class SigningKeyView(ControlView):
    """One signing key. Revoked, it ends with every token that it signed."""

    actions = {"GET": Action.READ_SIGNING_KEY, "DELETE": Action.REVOKE_SIGNING_KEY}
    serializer_class = serializers.SigningKeyAnswer

    @extend_schema(responses=serializers.SigningKeyAnswer)
    def get(self, request: Request, key_id: UUID) -> Response:
        return Response(serializers.SigningKeyAnswer(signing_keys.read_signing_key(self.caller, key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        signing_keys.revoke_signing_key(self.caller, key_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSigningKeyView(ControlView):
    """Put a new signing key, with a ``kid`` of its own, in an old one's place, which ends at once, or after ``grace_seconds``."""

    actions = {"POST": Action.ROTATE_SIGNING_KEY}
    serializer_class = serializers.RotateSigningKeyRequest

    @extend_schema(request=serializers.RotateSigningKeyRequest, responses={201: serializers.NewSigningKeyAnswer})
    def post(self, request: Request, key_id: UUID) -> Response:
        given: dict[str, Any] = dict(parse_body(serializers.RotateSigningKeyRequest, request))
        grace = timedelta(seconds=given.pop("grace_seconds"))
        return _registered(*signing_keys.rotate_signing_key(self.caller, key_id, grace=grace, **given))


def _registered(key: signing_keys.SigningKeyView, secret: str | None) -> Response:
    answer = serializers.NewSigningKeyAnswer({**asdict(key), "secret": secret})
    return Response(answer.data, status=status.HTTP_201_CREATED)


def _made(made: keys.NewKey) -> Response:
    spaces = {name: sorted(permissions) for name, permissions in made.spaces.items()}
    answer = serializers.NewKeyAnswer({**asdict(made), "spaces": spaces})
    return Response(answer.data, status=status.HTTP_201_CREATED)
