"""The one-command start, with real servers, real processes and the real ``./engram``."""

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from engram_site.runner.checks import require_disk, require_port, require_python
from engram_site.runner.database import DatabaseUrls, can_administer, prepare_database
from engram_site.runner.environment import EnvironmentFile, Secrets
from engram_site.runner.errors import StartError
from engram_site.runner.frontend import install_frontend
from engram_site.runner.lock import FolderLock
from engram_site.runner.postgres import EmbeddedPostgres
from engram_site.runner.site import ROOT, Site
from engram_site.runner.valkey import EmbeddedValkey

RUNNER = """
import sys
from pathlib import Path
from engram_site.runner.lock import FolderLock
from engram_site.runner.processes import Program, Supervisor

folder = Path(sys.argv[1])
with FolderLock(folder / "lock", "http://127.0.0.1:1") as lock, Supervisor([lock.fileno()]) as supervisor:
    for name, seconds in (("short", sys.argv[2]), ("long", "300")):
        command, log = ["sleep", seconds], folder / f"{name}.log"
        supervisor.start(Program(name, log, command, environment={}, directory=folder, lasts=float(sys.argv[3])))
    print("started", flush=True)
    supervisor.watch()
"""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("site") / "postgres", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return Secrets.draw()


@pytest.fixture(scope="module")
def urls(postgres: EmbeddedPostgres, secrets: Secrets) -> DatabaseUrls:
    return prepare_database(postgres.url, secrets)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Engram without packages to install, and with a benchmark that only says that it ran."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    shutil.copy(ROOT / "engram", folder)
    (folder / "requirements.txt").touch()
    (folder / "benchmarks.py").write_text("print('measured')")
    return folder


def run_engram(folder: Path, *arguments: str, python: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ENGRAM_PYTHON": python}
    return subprocess.run([folder / "engram", *arguments], env=environment, cwd="/", capture_output=True, text=True)


def start_runner(folder: Path, seconds: str, lasts: float = 300) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(folder), seconds, str(lasts)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_postgres_keeps_its_data_and_its_port_across_a_restart(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    first_url = server.url
    execute(first_url, "create table kept as select 42 as answer")
    server.stop()
    again = EmbeddedPostgres(tmp_path / "postgres")
    again.start()
    rows = execute(first_url, "select answer from kept")
    again.stop()
    assert again.url == first_url
    assert rows == [(42,)]


def test_postgres_starts_over_where_its_first_start_was_interrupted(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.start()
    rows = execute(server.url, "show server_version_num")
    server.stop()
    assert rows >= [("180000",)]


def test_postgres_listens_on_loopback_alone_and_asks_for_a_password(postgres: EmbeddedPostgres) -> None:
    assert execute(postgres.url, "show listen_addresses") == [("127.0.0.1",)]
    assert execute(postgres.url, "show unix_socket_directories") == [("",)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{postgres.port}/postgres")


def test_a_server_that_cannot_start_is_named_with_its_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = EmbeddedPostgres(tmp_path / "postgres", port=taken.getsockname()[1], durable=False)
        with pytest.raises(StartError, match="postgres ended while it was starting") as caught:
            server.start()
    assert "Address already in use" in caught.value.log


def test_valkey_keeps_its_data_and_its_port_across_a_restart(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    server.start()
    first_url = server.url
    redis.Redis.from_url(first_url).set("kept", "42")
    server.stop()
    again = EmbeddedValkey(tmp_path / "valkey")
    again.start()
    kept = redis.Redis.from_url(first_url).get("kept")
    again.stop()
    assert again.url == first_url
    assert kept == b"42"


def test_valkey_asks_for_a_password_that_only_its_owner_can_read(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", durable=False)
    server.start()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://127.0.0.1:{server.port}").ping()
    server.stop()
    assert stat.S_IMODE((tmp_path / "valkey" / "valkey.conf").stat().st_mode) == 0o600


def test_preparing_the_database_again_changes_nothing(
    postgres: EmbeddedPostgres, secrets: Secrets, urls: DatabaseUrls
) -> None:
    execute(urls.owner, "create table if not exists kept (answer integer)")
    assert prepare_database(postgres.url, secrets) == urls
    owner = "select tableowner::text from pg_tables where tablename = 'kept'"
    assert execute(urls.app, owner) == [("engram_owner",)]
    assert execute(urls.backup, "select current_user::text") == [("engram_backup",)]


def test_the_database_belongs_to_the_owner_and_has_its_extensions(urls: DatabaseUrls) -> None:
    assert execute(
        urls.app,
        "select datname::text, datdba::regrole::text, (select nspowner::regrole::text from pg_namespace"
        " where nspname = 'public') from pg_database where datname = current_database()",
    ) == [("engram", "engram_owner", "engram_owner")]
    extensions = execute(urls.app, "select extname::text from pg_extension")
    assert {("vector",), ("btree_gin",)} <= set(extensions)


def test_the_app_role_can_neither_bypass_policies_nor_create_anything(urls: DatabaseUrls) -> None:
    assert execute(
        urls.app,
        "select rolsuper, rolbypassrls, rolinherit, rolcreatedb, rolcreaterole, rolcanlogin"
        " from pg_roles where rolname = current_user",
    ) == [(False, False, False, False, False, True)]
    assert execute(urls.app, "show statement_timeout") == [("30s",)]
    assert execute(urls.app, "show idle_in_transaction_session_timeout") == [("30s",)]
    assert execute(urls.app, "show lock_timeout") == [("5s",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(urls.app, "create table mine (id integer)")


def test_the_owner_bypasses_policies_and_is_no_superuser(urls: DatabaseUrls) -> None:
    assert execute(
        urls.owner, "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
    ) == [(False, True, False)]


def test_the_backup_role_reads_everything_and_writes_nothing(urls: DatabaseUrls) -> None:
    execute(urls.owner, "create table if not exists saved as select 42 as answer")
    assert execute(urls.backup, "select answer from saved") == [(42,)]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        execute(urls.backup, "create temporary table mine (id integer)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(urls.backup, "begin; set transaction read write; delete from saved")


def test_an_app_role_that_was_given_too_much_is_put_right(
    postgres: EmbeddedPostgres, secrets: Secrets, urls: DatabaseUrls
) -> None:
    execute(postgres.url, "alter role engram_app superuser bypassrls inherit")
    prepare_database(postgres.url, secrets)
    rights = "select rolsuper, rolbypassrls, rolinherit from pg_roles where rolname = current_user"
    assert execute(urls.app, rights) == [(False, False, False)]


def test_a_role_that_may_not_create_roles_is_refused_in_one_sentence(urls: DatabaseUrls) -> None:
    assert not can_administer(urls.app)
    with pytest.raises(StartError, match="refused to prepare the database 'engram': permission denied"):
        prepare_database(urls.app, Secrets.draw())


def test_an_unreachable_database_is_refused_in_one_sentence() -> None:
    with pytest.raises(StartError, match=r"DATABASE_URL does not lead to a database: .*Connection refused"):
        can_administer("postgresql://someone:secret@127.0.0.1:1/engram")


def test_the_environment_file_is_private_and_its_secrets_stay(tmp_path: Path) -> None:
    file = EnvironmentFile(tmp_path / "environment")
    first = file.keep_secrets()
    file.update({"REDIS_URL": "redis://:a=b@127.0.0.1:1/0"})
    assert file.keep_secrets() == first
    assert file.read()["REDIS_URL"] == "redis://:a=b@127.0.0.1:1/0"
    assert file.read()["ENGRAM_SECRET_KEY"] == first.secret_key
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_taken_port_is_named_with_the_way_to_choose_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} of 127.0.0.1 is taken .* ENGRAM_PORT={port + 1}"):
            require_port("127.0.0.1", port)


def test_a_port_that_is_no_port_is_refused() -> None:
    with pytest.raises(StartError, match="ENGRAM_PORT is '80000'; allowed: a number from 1 to 65535"):
        Site.from_environment({"ENGRAM_PORT": "80000"})


def test_an_old_python_is_refused() -> None:
    with pytest.raises(StartError, match=r"Python is 3\.10; Engram needs 3\.11 or newer"):
        require_python((3, 10))


def test_a_full_disk_is_refused() -> None:
    with pytest.raises(StartError, match=r"/data has 120 MB of free disk; Engram needs 500 MB"):
        require_disk("/data", 120_000_000)


def test_a_second_start_from_the_same_folder_names_the_first(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "lock", "http://127.0.0.1:8000"):
        sentence = rf"already running from this folder \(pid {os.getpid()}\) at http://127.0.0.1:8000"
        with pytest.raises(StartError, match=sentence):
            FolderLock(tmp_path / "lock", "http://127.0.0.1:8001").__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_killed_runner_leaves_no_child_behind(tmp_path: Path) -> None:
    with start_runner(tmp_path, "300") as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "started\n"
        runner.kill()
    # The children hold the lock that they inherited; it can be taken once the last of them is gone.
    with FolderLock(tmp_path / "lock", "http://127.0.0.1:1") as lock:
        assert lock.fileno() > 0


def test_a_terminated_runner_stops_its_children(tmp_path: Path) -> None:
    with start_runner(tmp_path, "300") as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "started\n"
        runner.terminate()
    with FolderLock(tmp_path / "lock", "http://127.0.0.1:1") as lock:
        assert lock.fileno() > 0


def test_a_child_that_ends_is_named_and_takes_the_others_along(tmp_path: Path) -> None:
    with start_runner(tmp_path, "0.1") as runner:
        assert runner.stderr is not None
        assert "short ended, so everything else was stopped (exit code 0)" in runner.stderr.read()
    with FolderLock(tmp_path / "lock", "http://127.0.0.1:1") as lock:
        assert lock.fileno() > 0


def test_a_child_that_lasted_is_started_again(tmp_path: Path) -> None:
    with start_runner(tmp_path, "0.4", lasts=0.2) as runner:
        assert runner.stdout is not None
        said = [runner.stdout.readline() for _ in range(3)]
        runner.terminate()
    assert said == ["started\n", *["short ended (exit code 0) and is started again\n"] * 2]


def test_the_front_end_libraries_are_installed_once_for_each_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    install_frontend(tmp_path)
    assert (tmp_path / "node_modules" / "uplot" / "dist" / "uPlot.iife.min.js").exists()
    monkeypatch.setenv("PATH", "/nowhere")
    install_frontend(tmp_path)


def test_what_npm_said_is_shown_when_it_fails(tmp_path: Path) -> None:
    shutil.copy(ROOT / "package.json", tmp_path)
    (tmp_path / "package-lock.json").write_text("{}")
    with pytest.raises(StartError, match="The dashboard's libraries could not be installed") as caught:
        install_frontend(tmp_path)
    assert "npm error" in caught.value.log


def test_without_npm_the_one_from_pypi_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "requirements-node.txt").write_text("not a requirement\n")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StartError, match="pip install") as caught:
        install_frontend(tmp_path)
    assert "Invalid requirement: 'not a requirement'" in caught.value.log


def test_engram_names_a_python_that_is_too_old_or_none(folder: Path) -> None:
    run = run_engram(folder, "bench", python="/bin/false")
    assert run.returncode == 1
    assert run.stderr == "Engram: ENGRAM_PYTHON is '/bin/false'; allowed: a Python 3.11 or newer.\n"


def test_engram_makes_a_half_made_venv_again(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    run = run_engram(folder, "bench", python=sys.executable)
    assert "The .venv folder is unfinished or broken; making it again." in run.stdout
    assert run.stdout.endswith("measured\n")


def test_engram_shows_why_pip_failed(folder: Path) -> None:
    (folder / "requirements.txt").write_text("not a requirement\n")
    run = run_engram(folder, "bench", python=sys.executable)
    assert run.returncode == 1
    assert "Invalid requirement: 'not a requirement'" in run.stderr
    assert run.stderr.endswith("its last lines are above, all of them in .venv/pip.log.\n")


def test_engram_installs_what_one_benchmark_needs_for_that_one_only(folder: Path) -> None:
    (folder / "requirements-bench.txt").touch()
    other, quality = (run_engram(folder, "bench", name, python=sys.executable) for name in ("recall", "quality"))
    assert "requirements-bench.txt" not in other.stdout
    assert "Installing requirements-bench.txt" in quality.stdout
    assert quality.stdout.endswith("measured\n")


def test_engram_names_its_commands_when_given_another(folder: Path) -> None:
    run = run_engram(folder, "frobnicate", python=sys.executable)
    assert run.returncode == 1
    assert "There is no command 'frobnicate'; allowed: up, test, lint, bench, help." in run.stderr
