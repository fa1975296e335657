from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.tenants import list_tenants


class Command(OperatorCommand):
    help = "List the installation's tenants."

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return [asdict(tenant) for tenant in list_tenants(caller)]
