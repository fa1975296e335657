"""How long a thread of the web server waits for a client that sends or reads slowly: threads are few, and anybody may connect."""

import errno
import os
import select
import socket
import time
from contextlib import suppress
from typing import Any

# Seconds that a client may keep a thread waiting during one request; what it sends or reads earns them back.
PATIENCE = float(os.environ.get("ENGRAM_CLIENT_PATIENCE", "30"))
SLOWEST_BYTES_A_SECOND = 8_192
# The main thread closes connections, and nobody is accepted meanwhile.
LINGER = 0.05


class PatientSocket(socket.socket):
    """A connection that is cut off once its client has used up the patience: it looks as if the client had gone."""

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self._left = PATIENCE
        self._close_before: float | None = None

    def begin_request(self) -> None:
        self._left = PATIENCE

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        timeout = self.gettimeout()
        if timeout == 0.0:
            return super().recv(size, flags)
        if timeout is None:
            # What is there already is not waited for.
            with suppress(BlockingIOError):
                return self._earn(super().recv(size, flags | socket.MSG_DONTWAIT))
        return self._earn(super().recv(size, flags)) if self._wait(select.POLLIN, timeout) else b""

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        if self.gettimeout() is not None:
            return super().sendall(data, flags)
        left = memoryview(data)
        while left:
            try:
                sent = self.send(left, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                if not self._wait(select.POLLOUT):
                    raise BrokenPipeError(errno.EPIPE, "The client reads too slowly") from None
            else:
                self._left = min(PATIENCE, self._left + sent / SLOWEST_BYTES_A_SECOND)
                left = left[sent:]
        return None

    def shutdown(self, how: int, /) -> None:
        self._close_before = time.monotonic() + LINGER
        super().shutdown(how)

    def settimeout(self, seconds: float | None, /) -> None:
        if self._close_before is not None and seconds is not None:
            seconds = min(seconds, max(self._close_before - time.monotonic(), 0.001))
        super().settimeout(seconds)

    def _wait(self, event: int, timeout: float | None = None) -> bool:
        """Whether the client moved before the patience was used up; if not, the connection is cut off."""
        started = time.monotonic()
        most = max(self._left, 0.0) if timeout is None else max(min(self._left, timeout), 0.0)
        poll = select.poll()
        poll.register(self, event)
        moved = bool(poll.poll(most * 1_000))
        self._left -= time.monotonic() - started
        if not moved and timeout is not None and self._left > 0:
            raise TimeoutError("The client did not move in time")
        if not moved:
            self.shutdown(socket.SHUT_RDWR)
        return moved

    def _earn(self, data: bytes) -> bytes:
        self._left = min(PATIENCE, self._left + len(data) / SLOWEST_BYTES_A_SECOND)
        return data
