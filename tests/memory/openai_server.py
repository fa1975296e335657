"""An embedding provider on loopback: it speaks the OpenAI protocol and misbehaves on request."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One HTTP response; the body goes out as JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[list[str]], Reply]


def vector_of(text: str) -> list[float]:
    """The vector that the server gives to a text: three components that depend on its length."""
    return [float(len(text)), 1.0, 2.0]


def embeddings(texts: Sequence[str]) -> Reply:
    """Answer as the protocol asks."""
    data = [{"object": "embedding", "index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)]
    return Reply({"object": "list", "model": "lengths", "data": data})


def backwards(texts: Sequence[str]) -> Reply:
    """Answer with correct indices in falling order."""
    return Reply({"data": embeddings(texts).body["data"][::-1]})


def always(body: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with this body and status, whatever the texts."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda texts: Reply(body, status, named)


class OpenAIServer(ThreadingHTTPServer):
    """Records the requests; answers them from ``script`` and correctly once that is used up."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.requests: list[dict[str, Any]] = []
        self.script(embeddings)

    def script(self, *answers: Answer) -> None:
        """Set the answers to the next requests."""
        self.answers = chain(answers, repeat(embeddings))


class _Handler(BaseHTTPRequestHandler):
    server: OpenAIServer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers["Authorization"])
        self.server.requests.append(request)
        reply = next(self.server.answers)(request["input"])
        body = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers["Authorization"])
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output quiet."""


@contextmanager
def running_server() -> Iterator[OpenAIServer]:
    """Serve on a free port of the loopback interface until the block ends."""
    with OpenAIServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
