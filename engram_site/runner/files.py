"""Files that only their owner may read."""

import os
from pathlib import Path
from typing import BinaryIO


def open_private(path: Path) -> BinaryIO:
    """Open an empty file for writing, mode 0600 from its first byte on."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step by one of mode 0600, so that a reader never meets half of it."""
    fresh = path.with_name(f"{path.name}.new")
    with open_private(fresh) as file:
        file.write(text.encode())
    fresh.replace(path)
