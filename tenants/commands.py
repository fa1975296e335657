"""The base of operators' commands: one service called, its answer printed for a person or, with ``--json``, for a script."""

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import RegexValidator

from tenants.callers import Caller, operator
from tenants.errors import EngramError
from tenants.models import Permission

Answer = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class OperatorCommand(BaseCommand):
    """Subclasses implement ``run``, whose answer is printed: a mapping, or a sequence of mappings with the same names."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self.run(operator(getpass.getuser()), options)
        except EngramError as error:
            raise CommandError(" ".join(problem.detail for problem in error.problems())) from error
        if options["json"]:
            whole = answer if isinstance(answer, Mapping) else {"results": answer}
            self.stdout.write(json.dumps(whole, default=str))
        elif isinstance(answer, Mapping):
            self._write_columns([(name, _shown(value)) for name, value in answer.items()])
        elif answer:
            self._write_columns([tuple(answer[0]), *(tuple(map(_shown, row.values())) for row in answer)])

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Answer:
        raise NotImplementedError

    def _write_columns(self, rows: Sequence[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def checked(validator: RegexValidator, name: str, value: str) -> str:
    """The value, if the validator takes it; else a ``CommandError`` that names it."""
    try:
        validator(value)
    except ValidationError as error:
        raise CommandError(f"{name} is {value!r}. {error.messages[0]}") from error
    return value


def claims(given: list[str]) -> dict[str, frozenset[str]]:
    """Parse ``NAME=read,write`` arguments."""
    parsed: dict[str, frozenset[str]] = {}
    for claim in given:
        name, _, listed = claim.partition("=")
        permissions = frozenset(listed.split(","))
        if not name or not permissions <= set(Permission.values):
            raise CommandError(f"--space is {claim!r}; allowed: NAME=read,write,manage with one or more of the three.")
        parsed[name] = permissions
    return parsed


def password_on_stdin() -> str:
    """The first line of standard input, so that a password never stands in a shell's history; or a ``CommandError``."""
    password = sys.stdin.readline().rstrip("\n")
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(f"The password will not do: {' '.join(error.messages)}") from error
    return password


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}={_shown(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple | frozenset):
        return ",".join(sorted(map(str, value)))
    return "" if value is None else str(value)
