"""Reading the process environment."""

import os
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from engram_site import env

NAME = "ENGRAM_A_VARIABLE"


def test_a_variable_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " as it is ")
    assert env.text(NAME) == " as it is "


def test_an_empty_variable_is_empty_and_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "")
    assert env.text(NAME, "the default") == ""


def test_a_variable_that_is_missing_has_its_default() -> None:
    assert env.text(NAME, "the default") == "the default"


def test_a_variable_that_is_missing_and_has_no_default_stops_the_start() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=f"{NAME} is not set. Set it, or {NAME}_FILE, or start with ./engram up"
    ):
        env.text(NAME)


def test_a_secret_may_be_mounted_as_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mounted\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.text(NAME) == "mounted"
    monkeypatch.setenv(NAME, "said")
    assert env.text(NAME) == "said"


def test_a_secret_whose_file_is_missing_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE is .*secret', which cannot be read: No such file"):
        env.text(NAME, "the default")


def test_a_running_installation_is_found_through_its_data_directory(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text(f"# kept by ./engram up\n{NAME}=found=here\n\nnonsense\n")
    process = subprocess.run(
        [sys.executable, "-c", f"from engram_site import env; print(env.text({NAME!r}))"],
        env={**os.environ, "ENGRAM_DATA_DIR": str(tmp_path)},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == "found=here\n"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("1", True),
        ("true", True),
        ("Yes", True),
        ("ON", True),
        ("0", False),
        ("false", False),
        ("No", False),
        ("off", False),
    ],
)
def test_a_switch_is_read_however_people_write_it(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.flag(NAME, default=not meant) is meant


@pytest.mark.parametrize("value", ["", "2", "maybe", " 1", "y"])
def test_a_switch_that_is_neither_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(
        ImproperlyConfigured, match=f"{NAME} is '{value.lower()}'; allowed: 1, true, yes, on, 0, false, no, off"
    ):
        env.flag(NAME, default=True)


@pytest.mark.parametrize(("value", "least"), [("0", 0), ("10", 1), ("-3", -5)])
def test_a_whole_number_is_read(monkeypatch: pytest.MonkeyPatch, value: str, least: int) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.integer(NAME, 7, least=least) == int(value)


@pytest.mark.parametrize("value", ["", "ten", "1.5", "0", "-1", "1e3"])
def test_a_number_that_is_none_or_too_small_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is '{value}'; allowed: a whole number from 1"):
        env.integer(NAME, 7, least=1)


@pytest.mark.parametrize(
    ("value", "meant"), [("", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a , ,b ", ["a", "b"]), (",", [])]
)
def test_a_list_is_read_without_its_blanks(monkeypatch: pytest.MonkeyPatch, value: str, meant: list[str]) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.words(NAME) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [("", []), ("10.0.0.0/8", ["10.0.0.0/8"]), ("10.1.2.3, fd00::/8,::1", ["10.1.2.3/32", "fd00::/8", "::1/128"])],
)
def test_networks_are_read(monkeypatch: pytest.MonkeyPatch, value: str, meant: list[str]) -> None:
    monkeypatch.setenv(NAME, value)
    assert [str(network) for network in env.networks(NAME, "127.0.0.1")] == meant


@pytest.mark.parametrize("value", ["10.0.0.1/8", "10.0.0.0/33", "localhost", "10.0.0", "10.0.0.0/8;::1"])
def test_what_is_not_a_network_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} has '{value}'; allowed: networks such as 10.0.0.0/8"):
        env.networks(NAME, "127.0.0.1")


@pytest.mark.parametrize(
    ("read", "default"),
    [
        (lambda: env.flag(NAME, default=True), True),
        (lambda: env.integer(NAME, 7), 7),
        (lambda: env.words(NAME, "a,b"), ["a", "b"]),
        (lambda: env.networks(NAME, "::1"), [IPv6Network("::1")]),
    ],
)
def test_every_reader_has_its_default(read: Callable[[], Any], default: object) -> None:
    assert read() == default
