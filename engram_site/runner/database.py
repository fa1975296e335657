"""The database's roles: who owns the schema, who the site logs in as, who makes backups."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from engram_site.runner.environment import Secrets
from engram_site.runner.errors import StartError

ROLES_SQL = Path(__file__).parent.parent / "sql" / "roles.sql"
DATABASE = "engram"
MAINTENANCE_DATABASE = "postgres"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    app: str
    owner: str
    backup: str


def can_administer(url: str) -> bool:
    """Whether the role of ``url`` may create other roles."""
    with _connect(url) as connection:
        row = connection.execute(
            "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
        ).fetchone()
    return bool(row and row[0])


def prepare_database(admin_url: str, secrets: Secrets) -> DatabaseUrls:
    """Bring roles, passwords, rights and extensions to what Engram needs; repeating it changes nothing.

    The database is the one in ``admin_url``; the maintenance database, ``postgres``, stands for ``engram``,
    created if missing. Raises StartError with the server's reason if it refuses.
    """
    database = urlsplit(admin_url).path.strip("/") or MAINTENANCE_DATABASE
    try:
        if database == MAINTENANCE_DATABASE:
            database = DATABASE
            _create_database(admin_url, database)
        passwords = {
            "engram_owner": secrets.owner_password,
            "engram_app": secrets.app_password,
            "engram_backup": secrets.backup_password,
        }
        with _connect(_replace(admin_url, database=database)) as connection:
            connection.execute(ROLES_SQL.read_bytes())
            for role, password in passwords.items():
                _set_password(connection, role, password)
    except psycopg.Error as error:
        raise StartError(
            f"PostgreSQL refused to prepare the database '{database}': {_reason(error)}; name a superuser in "
            "DATABASE_URL, or run engram_site/sql/roles.sql as one and name engram_app in DATABASE_URL and "
            "engram_owner in DATABASE_OWNER_URL."
        ) from error
    urls = {
        role: _replace(admin_url, database=database, user=role, password=password)
        for role, password in passwords.items()
    }
    return DatabaseUrls(app=urls["engram_app"], owner=urls["engram_owner"], backup=urls["engram_backup"])


def with_password(url: str, password: str) -> str:
    """The URL, with the password if it has none of its own."""
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    return _replace(url, database=parts.path.strip("/"), user=parts.username, password=password)


def _connect(url: str) -> psycopg.Connection:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise StartError(f"DATABASE_URL does not lead to a database: {_reason(error)}") from error


def _create_database(admin_url: str, database: str) -> None:
    with _connect(admin_url) as connection:
        known = connection.execute("select from pg_database where datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Send the verifier instead of the password, which would otherwise stand in the server's log."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    alter = sql.SQL("alter role {} password {}")
    connection.execute(alter.format(sql.Identifier(role), sql.Literal(verifier.decode())))


def _replace(url: str, *, database: str, user: str | None = None, password: str = "") -> str:
    parts = urlsplit(url)
    credentials, _, address = parts.netloc.rpartition("@")
    if user is not None:
        credentials = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{credentials}@{address}", path=f"/{database}").geturl()


def _reason(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error) else type(error).__name__
