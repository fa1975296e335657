"""Engram as an operator runs it (two web processes, a worker with a port of its own) under the eyes of a real Prometheus."""

import http.client
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from engram_site.runner.ports import remembered_port
from engram_site.runner.processes import Child, Program
from engram_site.runner.site import Site
from engram_site.runner.valkey import EmbeddedValkey
from tests.servers import ROOT

PATIENCE = 180
MONITORING = ROOT / "monitoring"


class NoPrometheus(RuntimeError):
    """There is no Prometheus on PATH, which the tests of metrics run; on Debian: apt-get install prometheus."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def program(name: str) -> str:
    """The path of ``prometheus`` or ``promtool``. Raises ``NoPrometheus``."""
    found = shutil.which(name)
    if found is None:
        raise NoPrometheus
    return found


@dataclass(frozen=True, slots=True)
class Observed:
    """A running site, its worker's queue, and the Prometheus that scrapes both."""

    site: Site
    broker: str
    worker_port: int
    prometheus_port: int
    metrics: Path

    def ask(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """Over a connection of its own, so that each web process gets its turn."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        status, answer = fetch(self.site.port, method, f"/api/v1/{path}", headers, text)
        return status, json.loads(answer)

    def value(self, query: str) -> float:
        """Of a query that has one value; where a look at the site took too long, the next one's."""
        self.wait_until(lambda: len(self.query(query)) == 1)
        return float(self.query(query)[0]["value"][1])

    def query(self, query: str) -> list[Any]:
        _, answer = fetch(self.prometheus_port, "GET", f"/api/v1/query?{urlencode({'query': query})}")
        told = json.loads(answer)
        assert told["status"] == "success", (query, told)
        found: list[Any] = told["data"]["result"]
        return found

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, "Prometheus did not see it in time."
            time.sleep(0.2)


@contextmanager
def observed(folder: Path) -> Iterator[Observed]:
    with ExitStack() as stack:
        valkey = EmbeddedValkey(folder / "valkey", durable=False)
        _start(stack, valkey)
        site = Site(folder, "127.0.0.1", remembered_port(folder / "web.port"))
        running = Observed(
            site,
            valkey.url,
            remembered_port(folder / "worker.port"),
            remembered_port(folder / "prometheus.port"),
            folder,
        )
        web = _program(running, "web", [sys.executable, "-m", "gunicorn", "-c", "engram_site/gunicorn.py"])
        celery = [sys.executable, "-m", "celery", "-A", "engram_site", "worker", "-c", "2", "-l", "info"]
        worker = _program(running, "worker", celery)
        prometheus = _program(running, "prometheus", _prometheus(running))
        for child in (web, worker, prometheus):
            _start(stack, child)
        web.wait_until(site.is_ready, seconds=PATIENCE)
        prometheus.wait_until(lambda: fetch(running.prometheus_port, "GET", "/-/ready")[0] == 200, seconds=PATIENCE)
        yield running


def fetch(
    port: int, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None
) -> tuple[int, bytes]:
    """Status and body; status 0 while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def _start(stack: ExitStack, child: Child) -> None:
    child.start()
    stack.callback(child.stop)


def _program(running: Observed, name: str, command: list[str]) -> Program:
    metrics = running.metrics / f"{name}-metrics"
    metrics.mkdir()
    environment = {
        **os.environ,
        "REDIS_URL": running.broker,
        "ENGRAM_PORT": str(running.site.port),
        "ENGRAM_WEB_WORKERS": "2",
        "ENGRAM_WORKER_METRICS_PORT": str(running.worker_port),
        "ENGRAM_LOG_LEVEL": "INFO",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    return Program(name, running.site.log(name), command, environment=environment, directory=ROOT)


def _prometheus(running: Observed) -> list[str]:
    """Every second, for a test has no time; otherwise as in ``monitoring``."""
    file = running.metrics / "prometheus.yml"
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for name, port in (("engram-web", running.site.port), ("engram-worker", running.worker_port))
    ]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    rules = [str(MONITORING / "prometheus" / "alerts.yml")]
    # Prometheus reads JSON, for it is YAML.
    file.write_text(json.dumps({"global": every, "rule_files": rules, "scrape_configs": jobs}))
    return [
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={running.metrics / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{running.prometheus_port}",
    ]
