"""The dashboard's libraries: ``npm ci`` from ``package-lock.json``, with the machine's npm or one from PyPI."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engram_site.runner.errors import StartError
from engram_site.runner.site import ROOT


def install_frontend(root: Path = ROOT) -> None:
    """Put ``node_modules`` in step with the lock file; raise StartError if that fails. Costs nothing where it is already."""
    lock, installed = root / "package-lock.json", root / "node_modules" / "package-lock.json"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    npm = shutil.which("npm") or _npm_from_pypi(root)
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], root)
    # Left beside the packages once they are in, it tells whether they are still right.
    shutil.copy(lock, installed)


def _npm_from_pypi(root: Path) -> str:
    _run([sys.executable, "-m", "pip", "install", "--no-input", "-r", str(root / "requirements-node.txt")], root)
    return str(Path(sys.executable).with_name("npm"))


def _run(command: Sequence[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = "\n".join(done.stdout.splitlines()[-15:])
        raise StartError(f"The dashboard's libraries could not be installed: '{' '.join(command)}' failed.", log=lines)
