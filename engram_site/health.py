"""Liveness and readiness."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from engram_site import queries


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Whether to send requests here: 503 unless the database answers to a role that row-level security binds.

    Without Redis the API goes on, with limits kept per process; that is ``degraded``, not a reason to stay away.
    """
    checks = {"database": _database(), "redis": _redis()}
    if checks["database"] != "ok":
        return JsonResponse({"status": "not ready", "checks": checks}, status=503)
    return JsonResponse({"status": "ok" if checks["redis"] == "ok" else "degraded", "checks": checks})


def _database() -> str:
    try:
        role = queries.database_role()
    except DatabaseError:
        connection.close()
        return "does not answer"
    if role.bypasses_policies or role.owns_tables:
        return f"role {role.name!r} could bypass row-level security; connect as engram_app"
    return "ok"


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return "does not answer; limits are kept per process"
    finally:
        client.close()
    return "ok"
