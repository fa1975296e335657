"""The base of operators' commands: one service called, its answer printed for a person or, with ``--json``, for a script."""

import getpass
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import RegexValidator

from tenants.callers import Caller, operator
from tenants.errors import EngramError
from tenants.models import Permission


class OperatorCommand(BaseCommand):
    """Subclasses implement ``run``, whose answer is printed."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self.run(operator(getpass.getuser()), options)
        except EngramError as error:
            raise CommandError(" ".join(problem.detail for problem in error.problems())) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer, default=str))
        else:
            width = max(map(len, answer))
            for name, value in answer.items():
                self.stdout.write(f"{name:<{width}}  {_shown(value)}")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError


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


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}={_shown(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple | frozenset):
        return ",".join(sorted(map(str, value)))
    return "" if value is None else str(value)
