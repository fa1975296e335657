"""``./engram up``, from the first check to the last process."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import redis

from engram_site.runner.checks import require_disk, require_port, require_python
from engram_site.runner.console import step, welcome
from engram_site.runner.database import DatabaseUrls, can_administer, prepare_database
from engram_site.runner.environment import EnvironmentFile, Secrets
from engram_site.runner.errors import StartError
from engram_site.runner.frontend import install_frontend
from engram_site.runner.lock import FolderLock
from engram_site.runner.postgres import EmbeddedPostgres
from engram_site.runner.processes import Program, Supervisor
from engram_site.runner.site import ROOT, Site
from engram_site.runner.valkey import EmbeddedValkey

WEB_SECONDS = 60
# Celery does not always survive its broker's return, and a killed worker or planner is no reason to stop answering. One that
# ends sooner than this cannot work at all.
LASTING_SECONDS = 10


def up() -> NoReturn:
    """Start everything and stay until a signal (KeyboardInterrupt) or the end of a process (StartError)."""
    site = Site.from_environment(os.environ)
    require_python(sys.version_info[:2])
    os.umask(0o077)
    site.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_disk(str(site.data), shutil.disk_usage(site.data).free)
    with FolderLock(site.data / "lock", site.url) as lock, Supervisor([lock.fileno()]) as supervisor:
        require_port(site.host, site.port)
        servers = start_servers(site, supervisor)
        environment = {**os.environ, **servers, "ENGRAM_DATA_DIR": str(site.data)}
        prepare_site(site, supervisor, environment)
        start_site(site, supervisor, environment)
        demo = json.loads((site.data / "demo.json").read_text())
        welcome(site.url, demo, site.access_token(demo["api_key"]), str(site.data / "logs"))
        supervisor.watch()


def start_servers(site: Site, supervisor: Supervisor) -> dict[str, str]:
    """Start or reach PostgreSQL and Redis, and note their URLs for the installation's other processes."""
    file = EnvironmentFile(site.data / "environment")
    secrets = file.keep_secrets()
    database = start_database(site, supervisor, os.environ, secrets)
    urls = {
        "DATABASE_URL": database.app,
        "DATABASE_OWNER_URL": database.owner,
        "DATABASE_BACKUP_URL": database.backup,
        "REDIS_URL": start_redis(site, supervisor, os.environ),
    }
    file.update(urls)
    return urls


def start_database(
    site: Site, supervisor: Supervisor, environment: Mapping[str, str], secrets: Secrets
) -> DatabaseUrls:
    url = given(environment, "DATABASE_URL")
    if url is None:
        postgres = EmbeddedPostgres(site.data / "postgres")
        with step("PostgreSQL"):
            supervisor.start(postgres)
            return prepare_database(postgres.url, secrets)
    with step("PostgreSQL of DATABASE_URL"):
        if can_administer(url):
            return prepare_database(url, secrets)
        owner = given(environment, "DATABASE_OWNER_URL")
        if owner is None:
            raise StartError(
                "The role of DATABASE_URL may not create roles, so it is taken for the site's own: "
                "set DATABASE_OWNER_URL to the URL of the role that owns the schema."
            )
        return DatabaseUrls(app=url, owner=owner, backup=given(environment, "DATABASE_BACKUP_URL") or "")


def start_redis(site: Site, supervisor: Supervisor, environment: Mapping[str, str]) -> str:
    url = given(environment, "REDIS_URL")
    if url is None:
        valkey = EmbeddedValkey(site.data / "valkey")
        with step("Valkey"):
            supervisor.start(valkey)
            return valkey.url
    with step("Redis of REDIS_URL"):
        try:
            redis.Redis.from_url(url).ping()
        except (redis.RedisError, ValueError) as error:
            raise StartError(f"The Redis of REDIS_URL does not answer: {error}") from error
        return url


def prepare_site(site: Site, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    with step("Front-end libraries"):
        install_frontend()
    demo = site.data / "demo.json"
    steps = {"Tables": ["migrate"], "Static files": ["collectstatic", "--noinput"]}
    if not demo.exists():
        steps["Demo tenants and their memories"] = ["seed_demo", "--credentials", str(demo)]
    for title, command in steps.items():
        with step(title):
            arguments = [sys.executable, "manage.py", *command]
            supervisor.run(
                Program(command[0], site.log(command[0]), arguments, environment=environment, directory=ROOT)
            )


def start_site(site: Site, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    """Start web, worker and beat, and wait until the web server says that it is ready."""
    metrics = fresh_folder(site.data / "metrics")
    environment = {**environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    celery = [sys.executable, "-m", "celery", "-q", "-A", "engram_site"]
    commands = {
        "web": [sys.executable, "-m", "gunicorn", "-c", "engram_site/gunicorn.py"],
        "worker": [*celery, "worker", "-Q", "celery,owner", "-c", "2", "-l", "info"],
        "beat": [*celery, "beat", "-s", str(site.data / "beat-schedule"), "-l", "info"],
    }
    programs = {
        name: Program(
            name,
            site.log(name),
            command,
            environment=environment,
            directory=ROOT,
            lasts=None if name == "web" else LASTING_SECONDS,
        )
        for name, command in commands.items()
    }
    with step("Web, worker and beat"):
        for program in programs.values():
            supervisor.start(program)
        programs["web"].wait_until(site.is_ready, seconds=WEB_SECONDS)


def fresh_folder(path: Path) -> Path:
    """An empty folder: the metrics of processes that have ended would be counted again."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def given(environment: Mapping[str, str], name: str) -> str | None:
    """A variable of this process, itself or in the file that ``NAME_FILE`` names."""
    if f"{name}_FILE" in environment and name not in environment:
        return Path(environment[f"{name}_FILE"]).read_text().strip()
    return environment.get(name)
