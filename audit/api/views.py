"""The audit API: a tenant's trail, for its admins."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services.trail import TrailFilters, export_events, list_events
from tenants.api import cursor
from tenants.api.answers import AnswerRenderer
from tenants.api.base import ControlView
from tenants.api.strict import ChoiceField, StrictSerializer
from tenants.operations import Action

OUTCOMES = ["allowed", "denied", "limited", "failed"]
MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


class TrailParameters(StrictSerializer):
    space = serializers.CharField(required=False, max_length=64)
    actor = serializers.CharField(required=False, max_length=200, help_text="An id, or a name.")
    action = ChoiceField(Action.choices, required=False)
    outcome = ChoiceField(OUTCOMES, required=False)
    after = serializers.DateTimeField(required=False)
    before = serializers.DateTimeField(required=False)


class TrailPageParameters(TrailParameters):
    cursor = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class TrailExportParameters(TrailParameters):
    form = ChoiceField(list(MEDIA_TYPES), required=False, help_text="Without, what Accept asks for, or ndjson.")


class AuditRecordAnswer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    id = serializers.UUIDField()
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    action = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)
    space = serializers.CharField(help_text="Empty outside of every space.")
    target = serializers.CharField()
    reason = serializers.CharField(help_text="Why it was refused: status and code.")
    request_id = serializers.CharField()
    address = serializers.CharField()
    duration_ms = serializers.FloatField()
    times = serializers.IntegerField(help_text="How many refusals alike the event stands for.")


class TrailPageAnswer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    results = AuditRecordAnswer(many=True)


class TrailView(ControlView):
    """What the tenant's keys, members and users asked for and how it went, newest first."""

    actions = {"GET": Action.LIST_EVENTS}
    query_serializers = {"GET": TrailPageParameters}
    serializer_class = TrailPageAnswer

    @extend_schema(parameters=[TrailPageParameters], responses=TrailPageAnswer)
    def get(self, request: Request) -> Response:
        given = dict(self.parameters)
        limit, after = given.pop("limit"), given.pop("cursor", None)
        page = list_events(self.caller, TrailFilters(**given), cursor.decode(after) if after else None, limit)
        return Response(
            {
                "next": cursor.next_page(request, page.next),
                "results": AuditRecordAnswer(page.events, many=True).data,
            }
        )


class CsvRenderer(JSONRenderer):
    """Lets clients ask for what an export is; errors are JSON."""

    media_type = MEDIA_TYPES["csv"]
    format = "csv"


class NdjsonRenderer(JSONRenderer):
    """The same for lines."""

    media_type = MEDIA_TYPES["ndjson"]
    format = "ndjson"


class TrailExportView(ControlView):
    """The tenant's trail as a file, streamed: one JSON object a line, or CSV."""

    actions = {"GET": Action.EXPORT_EVENTS}
    query_serializers = {"GET": TrailExportParameters}
    serializer_class = TrailExportParameters
    renderer_classes = [AnswerRenderer, CsvRenderer, NdjsonRenderer, BrowsableAPIRenderer]

    @extend_schema(
        parameters=[TrailExportParameters],
        responses={(200, media_type): OpenApiTypes.STR for media_type in MEDIA_TYPES.values()},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        given = dict(self.parameters)
        asked = request.accepted_renderer.format
        form = given.pop("form", asked if asked in MEDIA_TYPES else "ndjson")
        lines = export_events(self.caller, TrailFilters(**given), form)
        response = StreamingHttpResponse(lines, content_type=MEDIA_TYPES[form])
        response.headers["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response
