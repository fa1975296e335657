import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.services.verify import Head, Verified, verify_audit
from tenants.callers import Caller
from tenants.commands import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Check that every audit event is as it was sealed, and say which was changed, removed, inserted or reordered. "
        "Ends with an error if any was. Keep the --json answer elsewhere: with --against it shows a chain that was made anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", help="only this one's")
        parser.add_argument("--against", metavar="FILE", type=Path, help="an earlier answer with --json")

    def handle(self, *args: Any, **options: Any) -> None:
        self.findings = 0
        super().handle(*args, **options)
        if self.findings:
            raise CommandError(f"The audit trail is not as it was sealed; see above what was found ({self.findings}).")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        against = _heads(options["against"]) if options["against"] else None
        verified = verify_audit(caller, options["tenant"], against)
        self.findings = sum(len(chain.findings) for chain in verified)
        if options["json"]:
            return [asdict(chain) for chain in verified]
        for chain in verified:
            for finding in chain.findings:
                seal = f" (seal {finding.seal})" if finding.seal else ""
                event = f", event {finding.event}" if finding.event else ""
                self.stdout.write(f"{finding.tenant}: {finding.kind}{seal}: {finding.what}{event}")
        return [_row(chain) for chain in verified]


def _row(chain: Verified) -> Mapping[str, Any]:
    return {
        "tenant": chain.tenant,
        "seals": chain.seals,
        "expired": chain.expired,
        "events": chain.events,
        "not_sealed": chain.not_sealed,
        "findings": len(chain.findings),
        "head": chain.head[:16],
    }


def _heads(file: Path) -> dict[str, Head]:
    try:
        chains = json.loads(file.read_text())["results"]
        return {chain["tenant"]: Head(chain["last_seal"], chain["head"]) for chain in chains if chain["last_seal"]}
    except OSError as error:
        raise CommandError(f"--against is {str(file)!r}, which cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"--against is {str(file)!r}; allowed: what verify_audit --json printed.") from error
