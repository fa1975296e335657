"""What must hold before anything is started."""

from engram_site.runner.errors import StartError
from engram_site.runner.ports import is_free

OLDEST_PYTHON = (3, 11)
LEAST_DISK = 500_000_000  # bytes: an empty cluster, its write-ahead log and the demo take about 200 MB


def require_python(version: tuple[int, int]) -> None:
    if version < OLDEST_PYTHON:
        raise StartError("Python is {}.{}; Engram needs 3.11 or newer.".format(*version))


def require_disk(folder: str, free: int) -> None:
    """``free`` is in bytes."""
    if free < LEAST_DISK:
        raise StartError(
            f"{folder} has {free // 1_000_000} MB of free disk; Engram needs {LEAST_DISK // 1_000_000} MB: "
            "free some, or set ENGRAM_DATA_DIR to a folder on a larger disk."
        )


def require_port(host: str, port: int) -> None:
    if not is_free(host, port):
        raise StartError(
            f"Port {port} of {host} is taken by another program; "
            f"choose a free one, as in ENGRAM_PORT={port + 1} ./engram up"
        )
