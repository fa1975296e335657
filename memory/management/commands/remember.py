from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from memory.passages import Passage, PassageError, read_passages
from memory.services.lexicon import refresh_lexicon
from memory.services.load import load
from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.scope import SpaceScope


class Command(OperatorCommand):
    help = (
        "Remember files in a space: text and Markdown in passages, NDJSON a memory a line; known content is reinforced."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--space", required=True, metavar="NAME")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        scope = SpaceScope.for_operator(caller, options["space"])
        # Every file is read before anything is stored: a bad line in the last one leaves nothing half done.
        passages = [passage for path in options["files"] for passage in _read(path)]
        with tqdm(total=len(passages), unit="memories", disable=options["json"] or None) as bar:
            loaded = load(scope, passages, bar.update)
        refresh_lexicon(scope)
        return {
            "space": scope.space,
            "files": len(options["files"]),
            "created": loaded.created,
            "reinforced": loaded.reinforced,
        }


def _read(path: Path) -> list[Passage]:
    try:
        return list(read_passages(path))
    except (OSError, PassageError) as error:
        raise CommandError(f"{path}: {error}") from error
