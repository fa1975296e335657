"""Refusing again without asking again.

Once a space's rate is used up, or a tenant's for its administration, whoever keeps knocking with the same token is refused here,
before Django, database and Redis, until there is room: a flood costs a fraction of a millisecond a request, and its neighbours do
not feel it. What is refused here was refused in full a moment ago, for the same token and space or route, by this process. The
first refusal leaves its row in the audit trail; those that follow are counted, and leave one row together once the door opens or
nobody comes any more.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, close_old_connections
from django.http import HttpResponse

from engram_site.measuring import measure
from engram_site.middleware import request_id_for
from tenants.callers import Caller
from tenants.operations import Action, record
from tenants.scope import tenant_tx

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

Door = tuple[bytes, str]

# Where in a request's environment its refusal is left for the door to find.
REFUSAL = "engram.refusal"
# Seconds after which a door that is open again, and that nobody came back to, is forgotten.
_ABANDONED_AFTER = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, to whom, and for how many seconds it will be refused again."""

    caller: Caller
    action: Action
    space: str
    reason: str
    room_in: float
    of_space: bool


@dataclass(slots=True)
class _Closed:
    refusal: Refusal
    until: float
    body: bytes
    headers: list[tuple[str, str]]
    refused: int = 0


class ClosedDoors:
    """The WSGI application with a door before it."""

    def __init__(self, application: WSGIHandler) -> None:
        self._application = application
        self._closed: dict[Door, _Closed] = {}
        self._lock = threading.Lock()
        self._next_round = 0.0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started = time.perf_counter()
        self._open_abandoned()
        doors = _doors(environ)
        for door in doors:
            closed = self._closed.get(door)
            if closed is not None and time.monotonic() < closed.until:
                with self._lock:
                    closed.refused += 1
                request_id = request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
                start_response("429 Too Many Requests", [*closed.headers, ("X-Request-ID", request_id)])
                measure("", environ["REQUEST_METHOD"], 429, time.perf_counter() - started)
                return [closed.body]
            if closed is not None:
                self._open(door, closed)
        response = self._application(environ, start_response)
        refusal = environ.get(REFUSAL)
        if refusal is not None and isinstance(response, HttpResponse):
            # A call over several spaces is refused for one of them, and the next may name others.
            for door in doors[1:] if refusal.of_space else doors[:1]:
                self._close(door, refusal, response)
        return response

    def _close(self, door: Door, refusal: Refusal, response: HttpResponse) -> None:
        kept = [(name, value) for name, value in response.items() if name != "X-Request-ID"]
        with self._lock:
            self._closed[door] = _Closed(refusal, time.monotonic() + refusal.room_in, response.content, kept)

    def _open_abandoned(self) -> None:
        """Once in a while, whoever comes by opens the doors that nobody came back to: what was refused there goes down too."""
        now = time.monotonic()
        if now < self._next_round:
            return
        self._next_round = now + _ABANDONED_AFTER
        for door, closed in list(self._closed.items()):
            if now > closed.until + _ABANDONED_AFTER:
                self._open(door, closed)

    def _open(self, door: Door, closed: _Closed) -> None:
        with self._lock:
            if self._closed.pop(door, None) is None:
                return
        if not closed.refused:
            return
        try:
            _record(closed.refusal, closed.refused)
        except DatabaseError:
            logger.exception("%s refusals for the space %s could not be recorded", closed.refused, closed.refusal.space)
        finally:
            close_old_connections()


def _record(refusal: Refusal, refused: int) -> None:
    with tenant_tx(refusal.caller.tenant_id, durable=False):
        record(
            refusal.caller,
            refusal.action,
            outcome="limited",
            reason=refusal.reason,
            space=refusal.space,
            target=f"{refused} more refused",
            times=refused,
        )


def _doors(environ: "WSGIEnvironment") -> list[Door]:
    """What a request is for, with its token: its route, and the space that it is about if there is one."""
    token = environ.get("HTTP_AUTHORIZATION")
    if token is None:
        return []
    digest, path = hashlib.sha256(token.encode()).digest(), environ.get("PATH_INFO", "")
    doors = [(digest, f"{environ['REQUEST_METHOD']} {path}")]
    parts = path.split("/", 5)
    if len(parts) == 6 and parts[1:4] == ["api", "v1", "spaces"]:
        doors.append((digest, parts[4]))
    return doors
