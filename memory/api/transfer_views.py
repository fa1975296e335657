"""The memory API: a whole space out, and in again."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from memory.models import Import
from memory.services import imports
from memory.services.export import export
from tenants.api.answers import AnswerRenderer
from tenants.api.base import EngramView
from tenants.api.strict import StrictSerializer
from tenants.errors import Invalid
from tenants.models import Permission
from tenants.operations import Action

NDJSON = "application/x-ndjson"
PIECE_BYTES = 64 * 1024
FILE = {NDJSON: OpenApiTypes.STR}


class NdjsonRenderer(JSONRenderer):
    """Lets clients ask for what an export is; errors are one line of it."""

    media_type = NDJSON
    format = "ndjson"


class NdjsonParser(BaseParser):
    """Names the type of an import's file. Nothing is parsed here: the view reads the file piece by piece."""

    media_type = NDJSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return {}


class ExportParameters(StrictSerializer):
    vectors = serializers.BooleanField(default=True, help_text="False: without vectors, a tenth of the size.")
    after = serializers.UUIDField(required=False, help_text="Go on from an export's last line of type 'mark'.")


class ImportParameters(StrictSerializer):
    more = serializers.BooleanField(default=False, help_text="True: this is not the whole file, the rest will follow.")


class ImportContinuation(ImportParameters):
    offset = serializers.IntegerField(
        min_value=0, max_value=2**62, help_text="The byte of the file that this begins at."
    )


class ImportProblemAnswer(serializers.Serializer[Any]):
    line = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ImportAnswer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    space = serializers.CharField()
    status = serializers.ChoiceField(Import.Status.choices)
    started_by = serializers.CharField()
    bytes = serializers.IntegerField(help_text="Of the file, that have come.")
    bytes_done = serializers.IntegerField(help_text="Of those, that are in the space.")
    lines = serializers.IntegerField()
    memories = serializers.IntegerField(help_text="New ones.")
    existing = serializers.IntegerField(help_text="That the space held already, and kept as they were.")
    associations = serializers.IntegerField(help_text="New ones.")
    problem = ImportProblemAnswer(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ImportsAnswer(serializers.Serializer[Any]):
    results = ImportAnswer(many=True)


class ExportView(EngramView):
    """Everything in a space, as one JSON object a line, streamed."""

    actions = {"GET": Action.EXPORT}
    query_serializers = {"GET": ExportParameters}
    serializer_class = ExportParameters
    renderer_classes = [AnswerRenderer, NdjsonRenderer, BrowsableAPIRenderer]

    @extend_schema(parameters=[ExportParameters], responses={(200, NDJSON): OpenApiTypes.STR})
    def get(self, request: Request, space: str) -> StreamingHttpResponse:
        scope = self.open_space(Permission.READ)
        lines = export(scope, vectors=self.parameters["vectors"], after=self.parameters.get("after"))
        response = StreamingHttpResponse(_holding(self.places.pop_all(), lines), content_type=NDJSON)
        response.headers["Content-Disposition"] = f'attachment; filename="{scope.space}.ndjson"'
        return response


class ImportsView(EngramView):
    """A space's newest fifty imports, newest first; start one with its file as the body, streamed."""

    actions = {"GET": Action.LIST_IMPORTS, "POST": Action.START_IMPORT}
    query_serializers = {"POST": ImportParameters}
    parser_classes = [NdjsonParser]
    serializer_class = ImportAnswer
    streams_body = True

    @extend_schema(responses=ImportsAnswer)
    def get(self, request: Request, space: str) -> Response:
        found = imports.list_imports(self.open_space(Permission.READ))
        return Response({"results": ImportAnswer(found, many=True).data})

    @extend_schema(parameters=[ImportParameters], request=FILE, responses={202: ImportAnswer})
    def post(self, request: Request, space: str) -> Response:
        scope = self.open_space(Permission.MANAGE)
        started = imports.start_import(scope, _file(request), more=self.parameters["more"])
        return Response(ImportAnswer(started).data, status=status.HTTP_202_ACCEPTED)


class ImportView(EngramView):
    """One import: how far it is, and what was wrong. Send more of its file, or cancel it."""

    actions = {"GET": Action.READ_IMPORT, "PATCH": Action.CONTINUE_IMPORT, "DELETE": Action.CANCEL_IMPORT}
    query_serializers = {"PATCH": ImportContinuation}
    parser_classes = [NdjsonParser]
    serializer_class = ImportAnswer
    streams_body = True

    @extend_schema(responses=ImportAnswer)
    def get(self, request: Request, space: str, import_id: UUID) -> Response:
        found = imports.read_import(self.open_space(Permission.READ), import_id)
        return Response(ImportAnswer(found).data)

    @extend_schema(parameters=[ImportContinuation], request=FILE, responses={202: ImportAnswer})
    def patch(self, request: Request, space: str, import_id: UUID) -> Response:
        scope = self.open_space(Permission.MANAGE)
        continued = imports.continue_import(
            scope, import_id, self.parameters["offset"], _file(request), more=self.parameters["more"]
        )
        return Response(ImportAnswer(continued).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, space: str, import_id: UUID) -> Response:
        imports.cancel_import(self.open_space(Permission.MANAGE), import_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _holding(places: ExitStack, lines: Iterator[str]) -> Iterator[str]:
    """The space's place is given back when the last line has gone out, or the reader has."""
    with places:
        yield from lines


def _file(request: Request) -> Iterator[bytes]:
    """The body's bytes as they come; raises ``Invalid`` where it breaks off. The content type is checked first."""
    _ = request.data
    environ = request._request.META
    # A chunked body has no length, which Django takes for none; the server knows where it ends.
    chunked = "CONTENT_LENGTH" not in environ and environ.get("wsgi.input_terminated", False)
    return _pieces(environ["wsgi.input"]) if chunked else _counted(request, int(environ.get("CONTENT_LENGTH") or 0))


def _pieces(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _counted(request: Request, length: int) -> Iterator[bytes]:
    come = 0
    for piece in _pieces(request._request):
        come += len(piece)
        yield piece
    if come < length:
        raise Invalid(f"The body broke off after {come:,} of {length:,} bytes.", "incomplete")
