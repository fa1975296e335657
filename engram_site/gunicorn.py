"""Gunicorn's settings, for ``./engram up`` and for the container alike."""

import os
import threading

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import multiprocess

# Every thread keeps its connection; a worker would otherwise log in to Postgres for each request.
os.environ.setdefault("ENGRAM_DATABASE_POOL", "1")


class DoorClosingWorker(ThreadWorker):
    """Whoever comes after it was told to end is refused at once and can turn to another server.

    Gunicorn keeps the listening socket open until its last request is answered: the kernel goes on taking connections, which
    nobody answers and which are reset in the end.
    """

    def set_accept_enabled(self, enabled: bool | None) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


wsgi_app = "engram_site.wsgi:application"
bind = f"{os.environ.get('ENGRAM_HOST', '127.0.0.1')}:{os.environ.get('ENGRAM_PORT', '8000')}"
worker_class = DoorClosingWorker
workers = int(os.environ.get("ENGRAM_WEB_WORKERS", "2"))
threads = int(os.environ.get("ENGRAM_WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 10
control_socket_disable = True


def post_worker_init(worker: Worker) -> None:
    """Load the embedder now, beside the first requests, so that nobody's first recall waits for it."""
    from engram_site.turns import take_short_turns
    from memory.embedders import get_embedder

    take_short_turns()
    threading.Thread(target=get_embedder().embed, args=(["warm up"],), daemon=True).start()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Take a dead worker's live gauges out of ``/metrics``."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
