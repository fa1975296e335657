"""Who a caller is, and what it may touch right now."""

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.callers import Actor, Caller
from tenants.limits import Limits
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import held_permissions, live_spaces, require_live


@dataclass(frozen=True, slots=True)
class HeldSpace:
    permissions: list[str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Whoami:
    tenant: str
    actor: Actor
    spaces: Mapping[str, HeldSpace]


def whoami(caller: Caller) -> Whoami:
    live = require_live(caller)
    spaces = {
        space.name: HeldSpace(sorted(held_permissions(caller, space)), space.limits) for space in live_spaces(caller)
    }
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.WHOAMI)
    return Whoami(live.slug, caller.actor, spaces)
