"""A space's own limits, which operators set over the installation's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from tenants.callers import Caller
from tenants.errors import Invalid, NotFound
from tenants.limits import Limits, check_overrides, installation
from tenants.models import Space
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.access import require_operator


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit of a space as it is and as it would be."""

    space: str
    tenant: str
    limit: str
    before: int
    after: int


def preview_limits(
    caller: Caller, names: Sequence[str], own: dict[str, int], reset: Iterable[str] = ()
) -> list[LimitChange]:
    """What ``set_limits`` would change in each of these spaces, in their order; a space that stays as it is, is left out.

    Stores nothing. Raises as ``set_limits`` does, but for names that there are not.
    """
    require_operator(caller)
    back = _checked(own, reset)
    changes = []
    for space in Space.objects.filter(name__in=names).select_related("tenant").order_by("name"):
        before = asdict(installation().limits.overridden(space.limits))
        after = asdict(installation().limits.overridden(_changed(space.limits, own, back)))
        changes += [
            LimitChange(space.name, space.tenant.slug, limit, before[limit], after[limit])
            for limit in before
            if before[limit] != after[limit]
        ]
    return changes


def set_limits(caller: Caller, name: str, own: dict[str, int], reset: Iterable[str] = ()) -> Limits:
    """Give a space limits of its own, and go back to the installation's in those to ``reset``; the space's limits from now on.

    Raises ``Refused`` for all but operators, ``NotFound``, and ``Invalid`` for a limit or value that there is not.
    """
    require_operator(caller)
    back = _checked(own, reset)
    space = Space.objects.filter(name=name).first()
    if space is None:
        raise NotFound(f"There is no space {name!r}.")
    with tenant_tx(space.tenant_id):
        space = Space.objects.select_for_update(no_key=True).get(id=space.id)
        space.limits = _changed(space.limits, own, back)
        space.save(update_fields=["limits"])
        changes = [*(f"{limit}={value}" for limit, value in own.items()), *(f"{limit} reset" for limit in back)]
        record(caller.acting_for(space.tenant_id), Action.SET_LIMITS, target=", ".join(changes), space=name)
    return installation().limits.overridden(space.limits)


def _changed(limits: Mapping[str, int], own: Mapping[str, int], back: Sequence[str]) -> dict[str, int]:
    return {limit: value for limit, value in limits.items() if limit not in back} | dict(own)


def _checked(own: Mapping[str, int], reset: Iterable[str]) -> list[str]:
    """The limits to reset, in order, once they and those to set are found to be possible."""
    back = sorted(reset)
    try:
        check_overrides(dict(own) | dict.fromkeys(back, 1))
    except ValueError as error:
        raise Invalid(str(error)) from error
    both = sorted(own.keys() & set(back))
    if both:
        raise Invalid(f"{both[0]} is both set and reset; allowed: one of the two.", attr=both[0])
    return back
