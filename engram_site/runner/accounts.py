"""The account that an embedded server runs as."""

import os
import pwd
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

from engram_site.runner.errors import StartError

NAME = "engram-servers"


def server_account() -> pwd.struct_passwd | None:
    """The unprivileged account that stands in for root, made if missing, or None for anybody else's own.

    PostgreSQL refuses to run as root, and Valkey had better not.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    made = subprocess.run(["useradd", *options, NAME], capture_output=True, text=True)
    if made.returncode != 0:
        raise StartError(
            f"The embedded servers do not run as root, and an account '{NAME}' could not be made "
            f"({made.stderr.strip()}); start Engram as another user."
        )
    return pwd.getpwnam(NAME)


def hand_over(path: Path, account: pwd.struct_passwd | None) -> None:
    """Give the account a file or folder, with all that is in it, unless it has it already."""
    if account is None or path.stat().st_uid == account.pw_uid:
        return
    for owned in (path, *path.rglob("*")):
        os.chown(owned, account.pw_uid, account.pw_gid, follow_symlinks=False)


def let_through(paths: Iterable[Path], account: pwd.struct_passwd | None) -> None:
    """Let the account pass, without listing them, the folders that lead to its files."""
    if account is None:
        return
    for folder in {folder for path in paths for folder in path.resolve().parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
