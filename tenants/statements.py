"""Hand-written SQL: one file a statement in an app's ``sql/``, one file a function in its ``sql/functions/``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction


def load(package_file: str) -> Mapping[str, str]:
    """Read the statements beside a ``queries.py``, by their file's name."""
    folder = Path(package_file).parent / "sql"
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.sql"))}


def limit_waiting(using: str, **_: Any) -> None:
    """Before ``migrate``: let it fail where it cannot have a lock, because everybody who comes after it would wait behind it."""
    with connections[using].cursor() as cursor:
        cursor.execute("set lock_timeout = '5s'")


def install_functions(sender: AppConfig, using: str, **_: Any) -> None:
    """After ``migrate``: bring the database's functions in step with the files, so that each has one text and no history.

    A function is dropped first, because ``create or replace`` keeps parameters and columns as they were. Sessions see the old or
    the new one and never none: it is one transaction.
    """
    with transaction.atomic(using), connections[using].cursor() as cursor:
        # Functions call each other, and are made in the order of their names.
        cursor.execute("set local check_function_bodies = off")
        for path in sorted((Path(sender.path) / "sql" / "functions").glob("*.sql")):
            cursor.execute(
                "select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace and proname = %s",
                [path.stem],
            )
            for (signature,) in cursor.fetchall():
                cursor.execute(f"drop function {signature}")
            cursor.execute(path.read_text())
