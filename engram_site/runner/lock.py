"""One Engram per data directory."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from engram_site.runner.errors import StartError

ENDING_SECONDS = 30


class FolderLock:
    """A lock on a file that names its holder.

    Children inherit the descriptor, so the lock is free only when the last of them has ended: a start right
    after a killed runner waits for its servers instead of meeting them on the same data.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._take()
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {self._url}".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def _take(self) -> None:
        deadline = time.monotonic() + ENDING_SECONDS
        while True:
            try:
                return fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, _, url = self._path.read_text().partition(" ")
                if pid and _is_alive(int(pid)):
                    sentence = f"Engram is already running from this folder (pid {pid}) at {url}"
                    raise StartError(sentence) from None
                if time.monotonic() > deadline:
                    raise StartError(
                        f"A process of an earlier Engram still holds {self._path} "
                        f"after {ENDING_SECONDS} seconds; end it, then start again."
                    ) from None
                time.sleep(0.2)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
