"""The site behind a real HTTP server, in a thread of the test's process."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test.testcases import LiveServerThread, _StaticFilesHandler


@contextmanager
def live_site() -> Iterator[str]:
    """The site's URL."""
    server = LiveServerThread("127.0.0.1", _StaticFilesHandler, connections_override={}, port=0)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()
