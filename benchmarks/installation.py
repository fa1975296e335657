"""An installation of a benchmark's own: the embedded servers in a temporary folder, the web server as it ships."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from engram_site.runner.console import step
from engram_site.runner.database import prepare_database
from engram_site.runner.environment import Secrets
from engram_site.runner.ports import remembered_port
from engram_site.runner.postgres import EmbeddedPostgres
from engram_site.runner.processes import Program, Supervisor
from engram_site.runner.site import ROOT, Site
from engram_site.runner.up import fresh_folder
from engram_site.runner.valkey import EmbeddedValkey

WEB_SECONDS = 60
# A benchmark asks for all that there is; the limits of one space are not what it measures.
CONFIG = """\
[memory_spaces.limits]
rate_limit_per_space = 1_000_000
max_concurrent_per_space = 1_000
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """The site that answers over HTTP, and its database as the schema's owner and as a superuser."""

    site: Site
    owner_url: str
    admin_url: str


@contextmanager
def running_installation() -> Iterator[Installation]:
    """Start everything, make this process a part of it (as the app's role), and leave nothing behind."""
    with TemporaryDirectory(prefix="engram-bench-", ignore_cleanup_errors=True) as folder, Supervisor() as supervisor:
        data = Path(folder)
        postgres, valkey = EmbeddedPostgres(data / "postgres"), EmbeddedValkey(data / "valkey")
        with step("PostgreSQL and Valkey"):
            supervisor.start(postgres)
            supervisor.start(valkey)
        secrets = Secrets.draw()
        urls = prepare_database(postgres.url, secrets)
        config = data / "engram.toml"
        config.write_text(CONFIG)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "engram_site.settings",
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
            "DATABASE_BACKUP_URL": urls.backup,
            "REDIS_URL": valkey.url,
            "ENGRAM_SECRET_KEY": secrets.secret_key,
            "ENGRAM_SIGNING_KEY": secrets.signing_key,
            "ENGRAM_CONFIG": str(config),
            "ENGRAM_DATA_DIR": folder,
        }
        site = Site(data, "127.0.0.1", remembered_port(data / "web.port"))
        _start_web(site, supervisor)
        django.setup()
        yield Installation(site, urls.owner, postgres.url)


def _start_web(site: Site, supervisor: Supervisor) -> None:
    for title, command in {"Tables": ["migrate"], "Static files": ["collectstatic", "--noinput"]}.items():
        with step(title):
            arguments = [sys.executable, "manage.py", *command]
            supervisor.run(Program(command[0], site.log(command[0]), arguments, environment=os.environ, directory=ROOT))
    metrics = fresh_folder(site.data / "metrics")
    environment = {**os.environ, "ENGRAM_PORT": str(site.port), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    command = [sys.executable, "-m", "gunicorn", "-c", "engram_site/gunicorn.py"]
    web = Program("web", site.log("web"), command, environment=environment, directory=ROOT)
    with step("Web"):
        supervisor.start(web)
        web.wait_until(site.is_ready, seconds=WEB_SECONDS)
