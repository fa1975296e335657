"""How many threads exports and imports may hold: each holds one for as long as its client takes."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from engram_site.refusals import refusal

GetResponse = Callable[[HttpRequest], HttpResponse | StreamingHttpResponse]


class StreamsMiddleware:
    """Half of a process's threads stream at most, so that the other half goes on answering."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._free = threading.BoundedSemaphore(settings.STREAMS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        response = self.get_response(request)
        place: ExitStack | None = getattr(request, "stream_place", None)
        if place is not None and isinstance(response, StreamingHttpResponse):
            pieces: Any = response.streaming_content
            response.streaming_content = _Held(pieces, place)
        elif place is not None:
            place.close()
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        if not _streams(request, view):
            return None
        if not self._free.acquire(blocking=False):
            most = settings.STREAMS_AT_ONCE
            detail = f"This process streams {most} exports and imports already, which is its limit; try again."
            refused = refusal(request, 429, "concurrency_limited", detail)
            refused.headers["Retry-After"] = "1"
            return refused
        place = ExitStack()
        place.callback(self._free.release)
        request.stream_place = place  # type: ignore[attr-defined]
        return None


class _Held:
    """An answer's pieces, whose place is given back after the last, or when the answer is closed: also before the first."""

    def __init__(self, pieces: Iterable[Any], place: ExitStack) -> None:
        self._pieces = pieces
        self._place = place

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._pieces
        finally:
            self.close()

    def close(self) -> None:
        self._place.close()


def _streams(request: HttpRequest, view: Callable[..., Any]) -> bool:
    if request.method == "GET":
        return request.path_info.endswith("/export/")
    return request.method in {"POST", "PATCH"} and getattr(getattr(view, "cls", None), "streams_body", False)
