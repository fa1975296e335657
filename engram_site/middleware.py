"""What happens to every request before a view sees it."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from engram_site.refusals import refusal
from tenants.callers import Origin, current_request
from tenants.limits import installation

GetResponse = Callable[[HttpRequest], HttpResponse]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class RequestIdMiddleware:
    """Give each request its ``origin``: the client's ``X-Request-ID`` if it is a sane one, else a new id, and say it back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_for(request.headers.get("X-Request-ID", ""))
        request.origin = Origin(request_id=request_id, address=_address(request))  # type: ignore[attr-defined]
        current_request.set(request_id)
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


def request_id_for(given: str) -> str:
    """The id that a client gave its request if it is a sane one, else a new one."""
    return given if _REQUEST_ID.match(given) else str(uuid.uuid4())


@receiver(request_finished)
def _forget_request(**_: Any) -> None:
    """Once the answer has been sent and logged, what its thread does belongs to no request."""
    current_request.set("")


class PathMiddleware:
    """A NUL in a path names nothing, and PostgreSQL has no place for one: not found, before anything looks it up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        if "\0" in request.path:
            return refusal(request, 404, "not_found", "A path holds no NUL character.")
        return None


class BodySizeMiddleware:
    """Refuse a body that is too large by its declared length, or declares none, before any of it is read.

    A view that sets ``streams_body`` reads it piece by piece and has a limit of its own; one with ``most_bytes`` takes no more.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        api_view = getattr(view, "cls", None)
        if getattr(api_view, "streams_body", False):
            return None
        if "CONTENT_LENGTH" not in request.META and request.META.get("HTTP_TRANSFER_ENCODING"):
            # Django takes a body without a length for an empty one.
            detail = "The body has no Content-Length; allowed without one: an import's file."
            return refusal(request, 411, "length_required", detail)
        most = installation().sizes.body_bytes
        most = min(most, getattr(api_view, "most_bytes", most))
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > most:
            detail = f"The body has {int(length):,} bytes; allowed: {most:,}."
            return refusal(request, 413, "too_large", detail)
        return None


def _address(request: HttpRequest) -> str:
    """The client's address: the one that the outermost trusted proxy saw, or the socket's."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    return (hops[-trusted] if 0 < trusted <= len(hops) else request.META.get("REMOTE_ADDR", ""))[:64]
