"""A space's own limits, which operators set over the installation's."""

from collections.abc import Iterable

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound
from tenants.limits import Limits, check_overrides, installation
from tenants.models import Space
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import require_operator


def set_limits(caller: Caller, name: str, own: dict[str, int], reset: Iterable[str] = ()) -> Limits:
    """Give a space limits of its own, and go back to the installation's in those to ``reset``; the space's limits from now on.

    Raises ``Refused`` for all but operators, ``NotFound``, and ``Invalid`` for a limit or value that there is not.
    """
    require_operator(caller)
    back = sorted(reset)
    _checked(own | dict.fromkeys(back, 1))
    both = sorted(own.keys() & set(back))
    if both:
        raise Invalid(f"{both[0]} is both set and reset; allowed: one of the two.")
    space = Space.objects.filter(name=name).first()
    if space is None:
        raise NotFound(f"There is no space {name!r}.")
    with tenant_tx(space.tenant_id):
        space = Space.objects.select_for_update(no_key=True).get(id=space.id)
        kept = {limit: value for limit, value in space.limits.items() if limit not in back}
        space.limits = kept | own
        space.save(update_fields=["limits"])
        changes = [*(f"{limit}={value}" for limit, value in own.items()), *(f"{limit} reset" for limit in back)]
        record(caller.acting_for(space.tenant_id), Action.SET_LIMITS, target=", ".join(changes), space=name)
    return installation().limits.overridden(space.limits)


def _checked(limits: dict[str, int]) -> None:
    try:
        check_overrides(limits)
    except ValueError as error:
        raise Invalid(str(error)) from error
