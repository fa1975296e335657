"""Errors on their way out: one shape for all, and a record of every refusal."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler as StandardExceptionHandler
from drf_standardized_errors.handler import exception_handler
from drf_standardized_errors.types import VALIDATION_ERROR, Error, ErrorType
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.settings import api_settings

from engram_site.closed_doors import REFUSAL, Refusal
from tenants.callers import ANONYMOUS, INSTALLATION, Caller
from tenants.errors import CapacityExceeded, EngramError, Invalid, Limited, Unavailable
from tenants.operations import outcome_of, record
from tenants.scope import tenant_tx

logger = logging.getLogger(__name__)


def handle(exception: Exception, context: Any) -> Response | None:
    return exception_handler(exception, context)


class ExceptionHandler(StandardExceptionHandler):
    """Knows a database that does not answer from a mistake of ours, and has every refusal recorded."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, OperationalError | InterfaceError):
            return Unavailable("The database did not answer in time; try again.")
        return super().convert_known_exceptions(exc)

    def get_headers(self, exc: APIException) -> dict[str, str]:
        return {**super().get_headers(exc), **getattr(exc, "headers", {})}

    def report_exception(self, exc: APIException, response: Response) -> None:
        try:
            _record_refusal(self.context, exc, response.status_code)
        except DatabaseError:
            logger.exception("A refusal could not be recorded")
        # A full space is refused by its limit; the rest from 500 on is a fault, and reported as one.
        if not isinstance(exc, CapacityExceeded):
            super().report_exception(exc, response)


class Formatter(ExceptionFormatter):
    """Our own errors name their field and may be several; the rest is formatted as ever."""

    def get_error_type(self) -> ErrorType:
        return VALIDATION_ERROR if isinstance(self.exc, Invalid) else super().get_error_type()

    def get_errors(self) -> list[Error]:
        if isinstance(self.exc, EngramError):
            return [Error(problem.code, problem.detail, problem.attr) for problem in self.exc.problems()]
        return [Error(error.code, error.detail, _field(error.attr)) for error in super().get_errors()]


def _field(path: str | None) -> str | None:
    """A field's path without the word that DRF puts where a whole object is at fault; ``None`` for the whole body."""
    named = [part for part in (path or "").split(".") if part and part != api_settings.NON_FIELD_ERRORS_KEY]
    return ".".join(named) or None


def _record_refusal(context: Any, exc: APIException, status: int) -> None:
    view, request = context["view"], context["request"]
    action = getattr(view, "actions", {}).get(request.method)
    if action is None:
        return
    # Authentication itself may have failed, and asking ``request.user`` again would raise again.
    known = getattr(exc, "caller", None) or getattr(request, "_user", None)
    origin = request._request.origin
    caller = known if isinstance(known, Caller) else Caller(INSTALLATION, ANONYMOUS, {}, origin)
    reason, space = f"{status} {_code(exc)}", str(view.kwargs.get("space", ""))[:64]
    # Whoever brings credentials in the body may bring another tenant's next time.
    is_token = isinstance(getattr(request, "_user", None), Caller)
    if isinstance(exc, Limited) and exc.room_in is not None and is_token:
        request.META[REFUSAL] = Refusal(caller, action, space, reason, exc.room_in, exc.of_space)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, action, outcome=outcome_of(status), reason=reason, space=space)


def _code(exc: APIException) -> str:
    codes: Any = exc.get_codes()
    while isinstance(codes, dict | list) and codes:
        codes = next(iter(codes.values())) if isinstance(codes, dict) else next((code for code in codes if code), "")
    return str(codes or "")
