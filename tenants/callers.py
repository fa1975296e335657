"""Who is calling: values that are set once, where a request, task or command comes in, and never change after."""

import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

ActorKind = Literal["key", "member", "subject", "operator", "system", "anonymous"]

# What happens outside every tenant (a refused login) is filed under this id.
INSTALLATION = UUID(int=0)

# The id of the request being answered, or of the one that sent the task being done.
current_request: ContextVar[str] = ContextVar("engram_request", default="")


def _request_id() -> str:
    return current_request.get() or str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came in: its request id, the client's address and the monotonic clock (seconds) at its start."""

    request_id: str = field(default_factory=_request_id)
    address: str = ""
    started: float = field(default_factory=time.perf_counter)

    def restarted(self) -> "Origin":
        """The same with the clock at zero: of a call that does many things, each takes its own time."""
        return replace(self, started=time.perf_counter())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an API key, a member, the subject of a token that a tenant signed itself, an operator, or the system."""

    kind: ActorKind
    id: str
    name: str

    @property
    def credential(self) -> str:
        """What must still stand for the actor to act: the key's or user's id, or the signing key's before the subject's name."""
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated actor of one tenant.

    ``claims`` names the spaces and permissions that its token carries; ``None`` (a logged-in member) claims whatever is live.
    ``whole`` is a member with all that their login holds, tenant administration too; a token narrowed to spaces has only those.
    """

    tenant_id: UUID
    actor: Actor
    claims: Mapping[str, frozenset[str]] | None
    origin: Origin
    whole: bool = False

    # DRF and its browsable pages ask these two of ``request.user``.
    is_authenticated = True

    def __str__(self) -> str:
        return self.actor.name

    def restarted(self) -> "Caller":
        return replace(self, origin=self.origin.restarted())

    def acting_for(self, tenant_id: UUID) -> "Caller":
        """The same caller, filed under the tenant it acts on: an operator's acts belong in that tenant's trail."""
        return replace(self, tenant_id=tenant_id) if self.actor.kind == "operator" else self


def operator(name: str) -> Caller:
    """The person at the shell, acting for the installation."""
    return Caller(INSTALLATION, Actor("operator", name, name), {}, Origin(address="shell"))


SYSTEM = Actor("system", "system", "system")
ANONYMOUS = Actor("anonymous", "", "anonymous")
