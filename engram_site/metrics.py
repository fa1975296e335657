"""What Prometheus scrapes: the web's at ``/metrics``, and a worker's where it keeps a folder of its own."""

import hmac
import ipaddress
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from engram_site.gauges import IndexCollector, QueueCollector, StorageCollector
from tenants.callers import Origin
from tenants.metrics import NONE, OTHER, labelled_spaces

logger = logging.getLogger(__name__)


def metrics(request: HttpRequest) -> HttpResponse:
    """All web processes' metrics, and the installation's sizes and queue, for those configured to read them."""
    return _answer(request, [StorageCollector(), IndexCollector(), QueueCollector()])


def _answer(request: HttpRequest, gauges: Iterable[Collector]) -> HttpResponse:
    if not _may_read(request):
        return HttpResponseForbidden("Not for you.\n", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(_LiveSpaces(_counted()))
    for gauge in gauges:
        registry.register(gauge)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _counted() -> Collector:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    return MultiProcessCollector(None)  # type: ignore[no-untyped-call]


class _LiveSpaces(Collector):
    """What was counted, but for spaces that are no more: an erased space leaves no trace here either."""

    def __init__(self, counted: Collector) -> None:
        self._counted = counted

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            known = labelled_spaces().keys() | {NONE, OTHER}
        except DatabaseError:
            connection.close()
            logger.exception("The database did not say which spaces there are; their metrics are left out")
            known = {NONE, OTHER}
        for metric in self._counted.collect():
            metric.samples = [sample for sample in metric.samples if sample.labels.get("space", NONE) in known]
            yield metric


def _may_read(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    # A proxy that nobody declared stands on loopback like a neighbour: what it forwards is not one.
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES:
        return False
    try:
        address = ipaddress.ip_address(request.origin.address)  # type: ignore[attr-defined]
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not worth a line each."""


def serve_worker_metrics() -> WSGIServer:
    """Answer to Prometheus from a thread of the worker's main process, at ``ENGRAM_WORKER_METRICS_PORT``."""
    server = make_server(
        settings.WORKER_METRICS_HOST, settings.WORKER_METRICS_PORT, worker_metrics, handler_class=_Handler
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def worker_metrics(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The worker's processes' metrics, for those who may read the web's."""
    request = WSGIRequest(environ)
    request.origin = Origin(address=environ["REMOTE_ADDR"])  # type: ignore[attr-defined]
    response = _answer(request, []) if request.path == "/metrics" else HttpResponse(status=404)
    connection.close()
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]
