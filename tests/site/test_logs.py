"""What web and worker write, from start to end: one JSON object a line."""

import json
import socket
from pathlib import Path

from tests.site.web_server import web_server
from tests.site.workers import Worker
from tests.world import World

JSON_LOGS = {"ENGRAM_LOG_LEVEL": "INFO", "ENGRAM_LOG_FORMAT": "json"}


def test_every_line_of_webs_log_is_a_json_object(world: World, tmp_path: Path) -> None:
    # Gunicorn itself refuses this, and says so.
    with web_server(tmp_path, **JSON_LOGS) as site, socket.create_connection((site.address, site.port)) as client:
        client.sendall(b"no request at all\r\n\r\n")
        client.recv(100)
    lines = [json.loads(line) for line in site.log("web").read_text().splitlines()]
    assert {line["logger"] for line in lines} >= {"gunicorn.error"}
    messages = " ".join(line["message"] for line in lines)
    assert "Starting gunicorn" in messages
    assert "Invalid request" in messages
    assert {frozenset(line) >= {"at", "level", "logger", "message", "request_id"} for line in lines} == {True}


def test_webs_log_is_text_for_whoever_asks_for_text(world: World, tmp_path: Path) -> None:
    with web_server(tmp_path, ENGRAM_LOG_LEVEL="INFO", ENGRAM_LOG_FORMAT="text") as site:
        pass
    assert "INFO    gunicorn.error: Starting gunicorn" in site.log("web").read_text()


def test_every_line_of_a_workers_log_is_a_json_object_but_its_last_words(world: World, tmp_path: Path) -> None:
    worker = Worker(tmp_path, **JSON_LOGS)
    worker.send("audit.tasks.seal_events")
    worker.wait_until(lambda: worker.count(r"seal_events\[\S+\] succeeded") == 1)
    worker.stop()
    lines = [line for line in worker.log.splitlines() if line and not line.startswith("worker: ")]
    assert {json.loads(line)["level"] for line in lines} >= {"INFO"}
