"""The web server as it ships, with one process, for tests of what clients may do to it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engram_site.runner.ports import remembered_port
from engram_site.runner.processes import Program
from engram_site.runner.site import Site
from tests.servers import ROOT

READY_AFTER = 180.0


@contextmanager
def web_server(folder: Path, **environment: str) -> Iterator[Site]:
    site = Site(folder, "127.0.0.1", remembered_port(folder / "web.port"))
    command = [sys.executable, "-m", "gunicorn", "-c", "engram_site/gunicorn.py"]
    own = {"ENGRAM_PORT": str(site.port), "ENGRAM_WEB_WORKERS": "1", **environment}
    program = Program("web", site.log("web"), command, environment={**os.environ, **own}, directory=ROOT)
    program.start()
    program.wait_until(site.is_ready, seconds=READY_AFTER)
    yield site
    program.stop()
