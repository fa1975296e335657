"""The memory API: remember, list, read, update, forget, associate."""

import math
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from memory.api import serializers
from memory.records import Link
from memory.services import associations, memories, remember
from memory.services.idempotency import IdempotencyKey
from memory.services.memories import Filters
from tenants.api import cursor
from tenants.api.base import EngramView
from tenants.api.strict import parse_body
from tenants.errors import Invalid
from tenants.models import Permission
from tenants.operations import Action
from tenants.services import limiter

MEMORIES_AN_OPERATION = 10

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="Sending a request again with its key does it once."
)


class MemoriesView(EngramView):
    """A space's memories, newest first; remember one."""

    actions = {"GET": Action.LIST_MEMORIES, "POST": Action.REMEMBER}
    query_serializers = {"GET": serializers.ListParameters}
    serializer_class = serializers.MemoryRequest

    @extend_schema(parameters=[serializers.ListParameters], responses=serializers.PageAnswer)
    def get(self, request: Request, space: str) -> Response:
        given = dict(self.parameters)
        limit, after = given.pop("limit"), given.pop("cursor", None)
        scope = self.open_space(Permission.READ)
        page = memories.list_memories(scope, Filters(**given), cursor.decode(after) if after else None, limit)
        return Response(
            {
                "next": cursor.next_page(request, page.next),
                "results": serializers.MemoryAnswer(page.memories, many=True).data,
            }
        )

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.MemoryRequest,
        responses={201: serializers.RememberedAnswer, 200: serializers.RememberedAnswer},
    )
    def post(self, request: Request, space: str) -> Response:
        scope = self.open_space(Permission.WRITE)
        given = parse_body(serializers.MemoryRequest, request)
        memory, created = remember.remember(scope, serializers.new_memory(given), _idempotency_key(request))
        answer = {**serializers.MemoryAnswer(memory).data, "created": created}
        return Response(answer, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)


class BatchView(EngramView):
    """Remember many at once, all or none; the answer is in the order of the request."""

    actions = {"POST": Action.REMEMBER_BATCH}
    serializer_class = serializers.BatchRequest

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=serializers.BatchRequest, responses={201: serializers.BatchAnswer}
    )
    def post(self, request: Request, space: str) -> Response:
        scope = self.open_space(Permission.WRITE)
        given = parse_body(serializers.BatchRequest, request)
        batch = [serializers.new_memory(values) for values in given["memories"]]
        # A batch counts as one operation for each ten memories begun; the first was counted at the door.
        limiter.spend(scope, math.ceil(len(batch) / MEMORIES_AN_OPERATION), counted=1)
        stored = remember.remember_batch(scope, batch, _idempotency_key(request))
        results = [{"id": item.id, "created": item.created} for item in stored]
        return Response({"results": results}, status=status.HTTP_201_CREATED)


class MemoryView(EngramView):
    """One memory."""

    actions = {"GET": Action.READ_MEMORY, "PATCH": Action.UPDATE_MEMORY, "DELETE": Action.FORGET}
    serializer_class = serializers.MemoryChange

    @extend_schema(responses=serializers.MemoryAnswer)
    def get(self, request: Request, space: str, memory_id: UUID) -> Response:
        memory = memories.read_memory(self.open_space(Permission.READ), memory_id)
        return Response(serializers.MemoryAnswer(memory).data)

    @extend_schema(request=serializers.MemoryChange, responses=serializers.MemoryAnswer)
    def patch(self, request: Request, space: str, memory_id: UUID) -> Response:
        scope = self.open_space(Permission.WRITE)
        changes: dict[str, Any] = dict(parse_body(serializers.MemoryChange, request))
        embedding = changes.pop("embedding", None)
        memory = memories.update_memory(scope, memory_id, changes, embedding)
        return Response(serializers.MemoryAnswer(memory).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, space: str, memory_id: UUID) -> Response:
        memories.forget(self.open_space(Permission.WRITE), memory_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AssociationsView(EngramView):
    """What a memory is associated with, both ways: its 200 heaviest associations, heaviest first; ``is_cut`` if it has more."""

    actions = {"GET": Action.LIST_ASSOCIATIONS}
    serializer_class = serializers.AssociationsAnswer

    @extend_schema(responses=serializers.AssociationsAnswer)
    def get(self, request: Request, space: str, memory_id: UUID) -> Response:
        found = associations.list_associations(self.open_space(Permission.READ), memory_id)
        return Response(serializers.AssociationsAnswer(found).data)


class AssociationView(EngramView):
    """An explicit association from one memory to another."""

    actions = {"PUT": Action.ASSOCIATE, "DELETE": Action.DISSOCIATE}
    serializer_class = serializers.WeightRequest

    @extend_schema(request=serializers.WeightRequest, responses=serializers.AssociationAnswer)
    def put(self, request: Request, space: str, memory_id: UUID, target: UUID) -> Response:
        scope = self.open_space(Permission.WRITE)
        given = parse_body(serializers.WeightRequest, request)
        made = associations.associate(scope, memory_id, Link(target, given["weight"]))
        return Response(serializers.AssociationAnswer(made).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, space: str, memory_id: UUID, target: UUID) -> Response:
        associations.dissociate(self.open_space(Permission.WRITE), memory_id, target)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _idempotency_key(request: Request) -> IdempotencyKey | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Invalid(
            f"Idempotency-Key is {key[:60]!r}; allowed: 1 to 200 printable ASCII characters.", attr="Idempotency-Key"
        )
    return IdempotencyKey(key, request._request.path.encode() + b"\n" + repr(request.data).encode())
