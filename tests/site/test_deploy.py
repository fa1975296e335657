"""Dockerfile and docker-compose.yml, as far as they can be held to account without a Docker daemon."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from engram_site.runner.database import with_password
from engram_site.runner.ports import remembered_port
from engram_site.runner.postgres import EmbeddedPostgres
from engram_site.runner.processes import Program
from tests.servers import ROOT

COMPOSE: Any = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "indexer", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Where pip puts what its packages bring.
PROGRAMS = Path(sys.executable).parent
WEB_HEALTH, WEB = (json.loads(command) for command in re.findall(r"CMD (\[.*\])$", DOCKERFILE, re.MULTILINE))
WORKER_HEALTH = SERVICES["worker"]["healthcheck"]["test"][1:]
COMMANDS = {"web": WEB, "worker": SERVICES["worker"]["command"], "beat": SERVICES["beat"]["command"]}
PASSWORDS = {"DATABASE_OWNER_PASSWORD": "owner's", "DATABASE_PASSWORD": "app's", "DATABASE_BACKUP_PASSWORD": "backup's"}


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS, "prometheus", "grafana"}
    assert [name for name in SERVICES if SERVICES[name].get("profiles") == ["monitoring"]] == ["prometheus", "grafana"]


@pytest.mark.parametrize("name", OURS)
def test_the_site_logs_in_as_the_role_that_policies_bind(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment["DATABASE_URL"] == "postgresql://engram_app@postgres:5432/engram"
    assert ("DATABASE_OWNER_URL" in environment) == (name in {"migrate", "indexer"})
    assert ("postgres_password" in SERVICES[name]["secrets"]) == (name == "migrate")


@pytest.mark.parametrize("name", OURS)
def test_a_container_may_do_as_little_as_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_stands_in_the_file() -> None:
    given = [value for service in SERVICES.values() for value in service.get("environment", {}).items()]
    secret = [(name, value) for name, value in given if re.search(r"PASSWORD|_KEY|TOKEN", name)]
    assert secret
    assert [
        name for name, value in secret if not re.search("_FILE$", name) or not value.startswith("/run/secrets/")
    ] == []


def test_every_secret_that_is_used_is_declared_and_mounted() -> None:
    for service in SERVICES.values():
        used = {
            value.rsplit("/", 1)[1]
            for value in service.get("environment", {}).values()
            if "/run/secrets/" in str(value)
        }
        assert used <= set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_images_are_pinned_and_only_what_must_be_reached_is() -> None:
    images = [service["image"] for service in SERVICES.values()]
    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"web", "grafana"}


def test_only_ours_are_on_the_network_of_postgres_and_redis() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    beside = {name for name in SERVICES if "data" in SERVICES[name]["networks"]}
    assert beside == {"postgres", "redis", *OURS}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_nobody_starts_before_the_tables_are_there() -> None:
    for name in ("web", "worker", "indexer", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_prometheus_looks_where_web_and_workers_answer() -> None:
    jobs = yaml.safe_load((ROOT / "monitoring" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    web, *workers = jobs
    assert web["static_configs"] == [{"targets": ["web:8000"]}]
    looked_up = [{"names": [name], "type": "A", "port": 9100} for name in ("worker", "indexer")]
    assert [job["dns_sd_configs"] for job in workers] == [[each] for each in looked_up]
    assert {SERVICES[name]["environment"]["ENGRAM_WORKER_METRICS_PORT"] for name in ("worker", "indexer")} == {"9100"}
    on_front = {name for name in SERVICES if "front" in SERVICES[name]["networks"]}
    assert {"prometheus", "web", "worker", "indexer"} <= on_front
    assert "metrics_token" in SERVICES["prometheus"]["secrets"]
    assert "web" in SERVICES["web"]["environment"]["ENGRAM_ALLOWED_HOSTS"].split(",")


def test_every_variable_of_ours_is_documented() -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    names = {name.removesuffix("_FILE") for service in OURS for name in SERVICES[service]["environment"]}
    names |= set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    for file in (ROOT / "engram_site").rglob("*.py"):
        names |= set(re.findall(r'env\.\w+\(\s*"(\w+)"', file.read_text()))
    assert len(names) > 40
    assert {name for name in names if f"`{name}" not in documented} == set()


def test_files_that_are_mounted_are_there() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).exists()] == []


def test_the_image_runs_without_rights_and_says_how_it_is() -> None:
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert final.index("USER 10001") > final.rindex("RUN ")
    assert re.search(r"^HEALTHCHECK ", final, re.MULTILINE)
    assert re.search(r'^CMD \["gunicorn"', final, re.MULTILINE)


def test_hadolint_finds_no_fault_in_the_dockerfile() -> None:
    done = subprocess.run([PROGRAMS / "hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_reads_the_file_as_it_is_meant() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    done = subprocess.run([PROGRAMS / "check-jsonschema", *schema], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_what_the_image_copies_is_there() -> None:
    for path in re.findall(r"^COPY (?!--from)(.+) \./$", DOCKERFILE, re.MULTILINE):
        assert [name for name in path.split() if not (ROOT / name).exists()] == []


def test_what_is_secret_or_large_stays_out_of_the_image() -> None:
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {".git", ".engram", ".venv", "secrets", "node_modules", "tests"} <= ignored


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("deploy") / "postgres", durable=False)
    server.start()
    yield server
    server.stop()


def test_the_migrate_services_commands_make_a_site_that_its_own_role_serves(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{postgres.port}/engram"
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute("create database engram")
    environment = dict(os.environ)
    environment["DATABASE_ADMIN_URL"] = re.sub(r"/[^/]*$", "/engram", postgres.url)
    for variable, password in PASSWORDS.items():
        file = tmp_path / variable
        file.write_text(password + "\n")
        environment[f"{variable}_FILE"] = str(file)
    environment["DATABASE_URL"] = f"postgresql://engram_app@{address}"
    environment["DATABASE_OWNER_URL"] = f"postgresql://engram_owner@{address}"
    for command in ("-m engram_site.runner.prepare", "manage.py migrate --verbosity 0", "manage.py check_isolation"):
        done = subprocess.run(
            [sys.executable, *command.split()], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert "ISOLATED: every check holds." in done.stdout


def test_the_images_static_files_are_collected_without_a_server_or_a_key(tmp_path: Path) -> None:
    (given, command) = re.findall(r"^RUN (DATABASE_URL=.*) \\\n    (python manage.py .*)$", DOCKERFILE, re.MULTILINE)[0]
    environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "ENGRAM_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", f"{given} {command}"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()


@pytest.fixture
def running(database: None, tmp_path: Path) -> Iterator[dict[str, Program]]:
    """Web, worker and beat, each by its own command of the image and with counters of its own, outside of Docker."""
    ports = {
        "ENGRAM_PORT": remembered_port(tmp_path / "web"),
        "ENGRAM_WORKER_METRICS_PORT": remembered_port(tmp_path / "worker"),
    }
    programs = {}
    for name, command in COMMANDS.items():
        metrics = tmp_path / f"{name}-metrics"
        metrics.mkdir()
        environment = {**os.environ, "ENGRAM_LOG_LEVEL": "INFO", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        environment |= {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", **{key: str(port) for key, port in ports.items()}}
        arguments = [part.replace("/tmp/", f"{tmp_path}/") for part in command]
        programs[name] = Program(name, tmp_path / f"{name}.log", arguments, environment=environment, directory=ROOT)
    for program in programs.values():
        program.start()
    yield programs
    for program in programs.values():
        program.stop()


def is_healthy(check: list[str], port: str, file: Path) -> bool:
    """What the image's own check says, asked of the port that is in ``file``."""
    arguments = [part.replace(port, file.read_text()) for part in check[1:]]
    return subprocess.run([sys.executable, *arguments], capture_output=True, check=False).returncode == 0


def test_the_images_commands_serve_plan_and_work_and_end_when_they_are_told_to(
    running: dict[str, Program], tmp_path: Path
) -> None:
    running["web"].wait_until(lambda: is_healthy(WEB_HEALTH, "8000", tmp_path / "web"), seconds=60)
    running["worker"].wait_until(lambda: is_healthy(WORKER_HEALTH, "9100", tmp_path / "worker"), seconds=60)
    running["worker"].wait_until(lambda: "apply_all_recalls" in (tmp_path / "worker.log").read_text(), seconds=60)
    for program in running.values():
        program.stop()
    assert {name: program.exit_code for name, program in running.items()} == dict.fromkeys(COMMANDS, 0)


@pytest.mark.parametrize(("given", "threshold"), [("1", "5"), ("0", "None")])
def test_statements_are_prepared_unless_the_operator_says_otherwise(database: None, given: str, threshold: str) -> None:
    look = "from django.db import connection as c; c.ensure_connection(); print(c.connection.prepare_threshold)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", look],
        cwd=ROOT,
        env={**os.environ, "ENGRAM_DATABASE_PREPARED": given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == threshold


def test_djangos_check_of_a_deployment_finds_no_fault() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = {**os.environ, "ENGRAM_DEBUG": "0", "ENGRAM_HTTPS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_its_passwords_the_migrate_service_says_which_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    done = subprocess.run(
        [sys.executable, "-m", "engram_site.runner.prepare"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, "DATABASE_OWNER_PASSWORD is not set" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgresql://a@h:1/d", "postgresql://a:p%2Fw@h:1/d"),
        ("postgresql://a:own@h:1/d", "postgresql://a:own@h:1/d"),
    ],
)
def test_a_password_goes_into_a_url_that_has_none(url: str, whole: str) -> None:
    assert with_password(url, "p/w") == whole
