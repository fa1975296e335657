"""Random walks in and out of scopes: the real ones, and a model of what must show at each step."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st

from tenants.scope import ScopeError, SpaceScope, space_tx, tenant_tx
from tests.isolation.raw import Rivals, Side

ENTER = ["space mine", "space theirs", "tenant mine", "tenant theirs", "plain transaction"]
STEPS = st.sampled_from([*ENTER, "leave", "raise"])


def _side(rivals: Rivals, step: str) -> Side:
    return rivals.mine if step.endswith("mine") else rivals.theirs


@dataclass
class Walk:
    """Takes the steps with the code under test; ``take`` says whether it was let."""

    scope: Callable[[str], SpaceScope]
    rivals: Rivals
    inside: list[AbstractContextManager[object]] = field(default_factory=list)

    def take(self, step: str) -> bool:
        if step in ENTER:
            return self._enter(self._manager(step))
        if self.inside:
            self._leave(LookupError() if step == "raise" else None)
        return True

    def leave_all(self) -> None:
        while self.inside:
            self._leave(None)

    def _manager(self, step: str) -> AbstractContextManager[object]:
        if step == "plain transaction":
            return transaction.atomic()
        if step.startswith("tenant"):
            return tenant_tx(_side(self.rivals, step).tenant)
        return space_tx(self.scope("acme_s1" if step.endswith("mine") else "globex_s1"))

    def _enter(self, manager: AbstractContextManager[object]) -> bool:
        try:
            manager.__enter__()
        except ScopeError:
            return False
        self.inside.append(manager)
        return True

    def _leave(self, error: LookupError | None) -> None:
        swallowed = self.inside.pop().__exit__(None if error is None else type(error), error, None)
        assert not swallowed


@dataclass
class Model:
    """The innermost scope is what shows; a space lets only itself in, a tenant itself and its spaces."""

    rivals: Rivals
    inside: list[tuple[UUID | None, UUID] | None] = field(default_factory=list)

    def take(self, step: str) -> bool:
        if step in ENTER:
            return self._enter(step)
        del self.inside[-1:]
        return True

    def sees(self) -> tuple[set[UUID], set[UUID]]:
        """The spaces and the tenants' trails that show."""
        space, tenant = self._innermost() or (None, None)
        return ({space} if space else set()), ({tenant} if tenant else set())

    def _innermost(self) -> tuple[UUID | None, UUID] | None:
        return next((scope for scope in reversed(self.inside) if scope is not None), None)

    def _enter(self, step: str) -> bool:
        side, active = _side(self.rivals, step), self._innermost()
        if step == "plain transaction":
            self.inside.append(None)
            return True
        wanted = (side.space if step.startswith("space") else None, side.tenant)
        fits = active is None or active == wanted or active == (None, wanted[1])
        if fits:
            self.inside.append(wanted)
        return fits
