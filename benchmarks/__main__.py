"""``python -m benchmarks NAME``, which ``./engram bench NAME`` calls."""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import datasets, report
from benchmarks.installation import running_installation
from benchmarks.knowledge import SIZES
from engram_site.runner.errors import StartError

NAMES = {
    "recall": "recall, spread and remember: how fast, how right, and what isolation costs",
    "transfer": "export and import of a whole space, with vectors and associations",
    "footprint": "what a memory takes on disk, and an operation of a core",
    "tiers": "what a memory costs in each tier, how fast memories move, and what recall feels of it",
    "soak": "remember, recall, forget, move and kill at random, then whether every memory is whole",
    "mcp": "recall over MCP against recall over REST",
    "pages": "the dashboard's pages, for a tenant with two hundred spaces",
    "overhead": "what the audit trail and metrics cost a recall, and how long a scrape of two hundred spaces takes",
    "quality": "how much of what answers a question is recalled, in LoCoMo and MuSiQue",
    "peers": "storing and recalling beside mem0, LangGraph's store and Chroma, with the same texts, tenants, cues and vectors",
    "growth": "recall as its space grows to 100,000 memories, and others' around it to 500,000",
    "neighbours": "a tenant's latency alone and beside another tenant's flood, and what the flood got",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./engram bench", description="Run one of the benchmarks.")
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, about in NAMES.items():
        command = names.add_parser(name, help=about, description=f"Measure {about}.")
        command.add_argument("--json", type=Path, metavar="FILE", help="also save the figures here")
        if name == "soak":
            command.add_argument("--minutes", type=float, default=10, metavar="N", help="how long (10)")
        else:
            smaller = "smaller sizes and fewer rounds, under two minutes"
            command.add_argument("--quick", action="store_true", help=smaller)
        if name == "growth":
            command.add_argument("--plots", type=Path, metavar="FOLDER", help="also draw the figures here, as SVG")
        if name == "quality":
            where = "where the folders locomo… and musique… are"
            command.add_argument("--data", type=datasets.read, required=True, metavar="FOLDER", help=where)
            command.add_argument("--half", choices=datasets.HALVES, help="ask every other question only")
        if name == "peers":
            which = "this size alone, in tenants x memories (both larger ones)"
            command.add_argument("--size", choices=SIZES, help=which)
    options = vars(parser.parse_args())
    name, file = options.pop("name"), options.pop("json")
    try:
        run(name, options, file=file)
    except KeyboardInterrupt:
        return 130
    except StartError as error:
        print(f"{error.log or ''}\nEngram: {error}", file=sys.stderr)
        return 1
    return 0


def run(name: str, options: Mapping[str, Any], *, file: Path | None) -> None:
    with running_installation() as installation:
        setting = report.setting()
        # Models can be imported only once the installation is there to read the settings from.
        started = time.monotonic()
        findings = import_module(f"benchmarks.{name}").measure(installation, **options)
    setting["took"] = f"{time.monotonic() - started:.0f} s"
    print(f"\n{report.as_markdown(setting, findings)}")
    if file is not None:
        file.write_text(json.dumps(report.as_json(setting, findings), indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
