"""The memory API: recall and spread."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from memory.api import serializers
from memory.records import Hit, Recalled, SpreadResult
from memory.services.recall import Cue, Spreading, recall
from memory.services.recall_across import RecalledAcross, recall_across
from memory.services.spread import spread
from tenants.api.base import EngramView
from tenants.api.strict import parse_body
from tenants.models import Permission
from tenants.operations import Action

EXPLANATION = ("similarity", "lexical", "activation", "depth", "path")


class RecallView(EngramView):
    """The memories that a cue brings to mind, best first, each with why."""

    actions = {"POST": Action.RECALL}
    serializer_class = serializers.RecallRequest

    @extend_schema(request=serializers.RecallRequest, responses=serializers.RecallAnswer)
    def post(self, request: Request, space: str) -> Response:
        scope = self.open_space(Permission.READ)
        given: dict[str, Any] = dict(parse_body(serializers.RecallRequest, request))
        explain = given.pop("explain")
        recalled = recall(scope, Cue(**{**given, "seeds": frozenset(given["seeds"])}))
        return Response(recall_answer(recalled, explain=explain))


class RecallAcrossView(EngramView):
    """Recall over several spaces at once: every space that the token may read, or those named. Each hit says its space."""

    actions = {"POST": Action.RECALL_ACROSS}
    serializer_class = serializers.RecallAcrossRequest

    @extend_schema(request=serializers.RecallAcrossRequest, responses=serializers.RecallAcrossAnswer)
    def post(self, request: Request) -> Response:
        given: dict[str, Any] = dict(parse_body(serializers.RecallAcrossRequest, request))
        explain, names = given.pop("explain"), given.pop("spaces", None)
        recalled = recall_across(self.caller, names, Cue(**{**given, "seeds": frozenset(given["seeds"])}))
        return Response(recall_across_answer(recalled, explain=explain))


class SpreadView(EngramView):
    """Activation spreading from chosen memories, most activated first, and the associations it flowed along."""

    actions = {"POST": Action.SPREAD}
    serializer_class = serializers.SpreadRequest

    @extend_schema(request=serializers.SpreadRequest, responses=serializers.SpreadAnswer)
    def post(self, request: Request, space: str) -> Response:
        scope = self.open_space(Permission.READ)
        given = parse_body(serializers.SpreadRequest, request)
        spreading = Spreading(decay=given["decay"], threshold=given["threshold"])
        result = spread(scope, given["from"], given.get("depth"), spreading)
        return Response(spread_answer(result))


def recall_answer(recalled: Recalled, *, explain: bool) -> dict[str, Any]:
    return {
        "results": _hits(recalled.hits, explain=explain),
        "took_ms": round(recalled.took_ms, 3),
        "spread": {"depth": recalled.depth, "visited": recalled.visited},
    }


def recall_across_answer(recalled: RecalledAcross, *, explain: bool) -> dict[str, Any]:
    return {
        "results": _hits(recalled.hits, explain=explain),
        "spaces": serializers.AskedAnswer(recalled.spaces, many=True).data,
        "took_ms": round(recalled.took_ms, 3),
    }


def spread_answer(result: SpreadResult) -> dict[str, Any]:
    return {
        "activations": serializers.ActivationAnswer(result.activations, many=True).data,
        "associations": serializers.AssociationAnswer(result.flows, many=True).data,
        "is_cut": result.is_cut,
    }


def _hits(hits: Sequence[Hit], *, explain: bool) -> list[dict[str, Any]]:
    # Together, because every serializer copies its fields, which takes longer than what they do.
    memories = serializers.MemoryAnswer([hit.memory for hit in hits], many=True).data
    names = EXPLANATION if explain else ()
    return [
        {
            "memory": memory,
            "space": hit.memory.space,
            "score": round(hit.score, 6),
            **{name: getattr(hit, name) for name in names},
        }
        for hit, memory in zip(hits, memories, strict=True)
    ]
