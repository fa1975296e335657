"""What the forms of the dashboard have in common, and the choices that they offer."""

from collections.abc import Callable
from typing import TypeVar

from django import forms

from tenants.callers import Caller
from tenants.errors import Conflict, Invalid
from tenants.operations import Action
from tenants.pages.access import note_refusal

T = TypeVar("T")

READ_ONLY, READ_WRITE = "read", "write"
ACCESS = [(READ_ONLY, "Read"), (READ_WRITE, "Read and write")]


class PageForm(forms.Form):
    """A form whose errors, a service's refusal too, stand beside the field that they are about."""

    # The fields of this form for those that a service names.
    named: dict[str, str] = {}

    def carry_out(self, caller: Caller, action: Action, act: Callable[[], T], *, space: str = "") -> T | None:
        """Do it; ``None`` if it cannot be done as it was asked for, which the form then says and the audit trail notes."""
        try:
            return act()
        except (Invalid, Conflict) as error:
            note_refusal(caller, action, error, space)
            for problem in error.problems():
                name = (problem.attr or "").partition(".")[0]
                field = self.named.get(name, name)
                self.add_error(field if field in self.fields else None, problem.detail)
            return None


def remember_shown(form: forms.Form) -> None:
    """Let the page send back what it showed: then ``changed_data`` is what its reader changed, whatever others stored since."""
    for field in form.fields.values():
        field.show_hidden_initial = True


def permissions_of(access: str) -> list[str]:
    return ["read", "write"] if access == READ_WRITE else ["read"]
