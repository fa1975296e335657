"""Gunicorn's settings, for ``./engram up`` and for the container alike."""

import gc
import os
import selectors
import threading
import time
from functools import partial
from importlib import import_module

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker
from prometheus_client import multiprocess

from engram_site.logging import configure_without_django
from engram_site.patience import PatientSocket

# Every thread keeps its connection; a worker would otherwise log in to Postgres for each request.
os.environ.setdefault("ENGRAM_DATABASE_POOL", "1")


class PlainLogger(Logger):
    """Leaves it to the root logger what a line looks like and which are written, as everything else does."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        configure_without_django()
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
            log.setLevel("NOTSET")


# Seconds that a new connection may stay silent; no thread waits for it.
SILENT = 10.0


class DoorClosingWorker(ThreadWorker):
    """Whoever comes after it was told to end is refused at once and can turn to another server.

    Gunicorn keeps the listening socket open until its last request is answered: the kernel goes on taking connections, which
    nobody answers and which are reset in the end. It also gives a thread to a connection that says nothing yet: here, threads
    wait for those alone that have begun a request, and not forever (``PatientSocket``).
    """

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(conn.sock.detach())
        if self.alive and not conn.initialized and not conn.data_ready:
            conn.sock.setblocking(False)
            conn.timeout = time.monotonic() + SILENT
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
            return
        conn.sock.begin_request()
        super().enqueue_req(conn)

    def set_accept_enabled(self, enabled: bool | None) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


wsgi_app = "engram_site.wsgi:application"
bind = f"{os.environ.get('ENGRAM_HOST', '127.0.0.1')}:{os.environ.get('ENGRAM_PORT', '8000')}"
worker_class = DoorClosingWorker
logger_class = PlainLogger
workers = int(os.environ.get("ENGRAM_WEB_WORKERS", "2"))
threads = int(os.environ.get("ENGRAM_WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 10
control_socket_disable = True
# A token that names a hundred spaces is longer than gunicorn's 8 KiB.
limit_request_field_size = 16_384
# The kernel would send a file for as long as its reader takes.
sendfile = False


def post_worker_init(worker: Worker) -> None:
    """Load views, embedder and plans of searches now, so that nobody's first request waits for them."""
    from engram_site.turns import take_short_turns
    from memory.embedders import get_embedder
    from memory.embedders.behind import give_way_in_a_process
    from memory.warming import warm_connections

    import_module("engram_site.urls")
    # What is there by now is there to stay. Going through its 200,000 objects at every full collection would hold all
    # requests up meanwhile.
    gc.collect()
    gc.freeze()
    take_short_turns()
    give_way_in_a_process()
    # No daemon: a process that ended while the model is loaded would have the library complain of it.
    threading.Thread(target=get_embedder().embed, args=(["warm up"],)).start()
    threading.Thread(target=warm_connections, daemon=True).start()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Take a dead worker's live gauges out of ``/metrics``."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
