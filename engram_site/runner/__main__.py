"""``python -m engram_site.runner up`` and ``frontend``, which ``./engram`` calls."""

import argparse
import io
import sys

from engram_site.runner.errors import StartError
from engram_site.runner.frontend import install_frontend
from engram_site.runner.up import up


def main() -> int:
    parser = argparse.ArgumentParser(prog="./engram", description="Start Engram on this machine.")
    parser.add_argument(
        "command",
        choices=["up", "frontend"],
        help="up: start the servers, the site and its demo data; frontend: install the dashboard's libraries",
    )
    command = parser.parse_args().command
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        if command == "frontend":
            install_frontend()
            return 0
        up()
    except KeyboardInterrupt:
        print("\nEngram has stopped.")
        return 0
    except (StartError, OSError) as error:
        if isinstance(error, StartError) and error.log:
            print(f"\n{error.log}\n", file=sys.stderr)
        print(f"Engram: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
