"""A tenant's spaces as a member looks at them: which stands below which, whose they are, and whom they are shared with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from tenants.callers import Caller
from tenants.models import Grant, Space, Team
from tenants.queries import LiveSpace
from tenants.services.access import live_spaces
from tenants.services.spaces import SpaceView, list_spaces

# Rows that a page shows; with more, one searches.
MOST_SHOWN = 500
# Names that a form offers.
MOST_OFFERED = 200


class Placed(Protocol):
    """A space that knows the name of the one directly above it."""

    @property
    def parent(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Twig:
    """A space in its place. ``shared_with`` are the other tenants that it is shared with, for those who manage it;
    ``opens`` says that the next one stands below it, ``closes`` holds an entry for each level that ends with it."""

    space: SpaceView
    depth: int
    is_own: bool
    shared_with: Sequence[str]
    opens: bool = False
    closes: range = field(default_factory=lambda: range(0))

    @property
    def kind(self) -> str:
        """Whose it is: ``in`` is shared with the tenant, ``team`` a team's, ``own`` the tenant's as a whole."""
        if not self.is_own:
            return "in"
        return "team" if self.space.team else "own"

    @property
    def is_manageable(self) -> bool:
        return "manage" in self.space.permissions


@dataclass(frozen=True, slots=True)
class Tree:
    """``twigs`` are the tenant's own spaces, each directly before those below it, then those shared with the tenant; counts are
    of all, however many are shown."""

    most_shown: ClassVar[int] = MOST_SHOWN

    twigs: Sequence[Twig]
    found: int
    own: int
    teams: int
    shared_in: int
    shared_out: int

    @property
    def is_cut(self) -> bool:
        return self.found > MOST_SHOWN


@dataclass(frozen=True, slots=True)
class Places:
    """Where a space of the caller's tenant may stand: names of active spaces, and slugs of teams."""

    parents: Sequence[str]
    teams: Sequence[str]


def space_tree(caller: Caller, search: str = "") -> Tree:
    """The spaces within the caller's reach; with ``search``, those that have it in name or title, and what is above them."""
    spaces = {space.name: space for space in list_spaces(caller)}
    shared = _shared_with(caller)
    paths = {name: path_to(name, spaces) for name in spaces}
    wanted = _wanted(spaces, paths, search)
    in_order = sorted(wanted, key=lambda name: (spaces[name].owner_id != caller.tenant_id, paths[name]))
    shown = [
        Twig(
            space=spaces[name],
            depth=len(paths[name]) - 1,
            is_own=spaces[name].owner_id == caller.tenant_id,
            shared_with=shared.get(name, []) if "manage" in spaces[name].permissions else [],
        )
        for name in in_order[:MOST_SHOWN]
    ]
    own = [space for space in spaces.values() if space.owner_id == caller.tenant_id]
    return Tree(
        twigs=_nested(shown),
        found=len(in_order),
        own=sum(space.team is None for space in own),
        teams=sum(space.team is not None for space in own),
        shared_in=len(spaces) - len(own),
        shared_out=sum(space.name in shared and "manage" in space.permissions for space in own),
    )


def places(caller: Caller) -> Places:
    """What a form offers for a space's parent and team."""
    spaces = Space.objects.filter(tenant_id=caller.tenant_id, status=Space.Status.ACTIVE).order_by("name")
    teams = Team.objects.filter(tenant_id=caller.tenant_id).order_by("slug")
    return Places(
        list(spaces.values_list("name", flat=True)[:MOST_OFFERED]),
        list(teams.values_list("slug", flat=True)[:MOST_OFFERED]),
    )


def spaces_of_team(caller: Caller, slug: str) -> list[LiveSpace]:
    """Those that the tenant's team owns by name, as far as the caller may touch them; by one query, however many there are."""
    return [space for space in live_spaces(caller) if space.team == slug and space.owner_id == caller.tenant_id]


def _shared_with(caller: Caller) -> dict[str, list[str]]:
    grants = Grant.objects.filter(space__tenant_id=caller.tenant_id, tenant__isnull=False)
    shared: dict[str, list[str]] = {}
    for name, slug in grants.order_by("tenant__slug").values_list("space__name", "tenant__slug"):
        shared.setdefault(name, []).append(slug)
    return shared


def path_to(name: str, spaces: Mapping[str, Placed]) -> tuple[str, ...]:
    """The names from the topmost space above it that is among ``spaces`` down to its own."""
    path = [name]
    above = spaces[name].parent
    while above is not None and above in spaces and above not in path:
        path.insert(0, above)
        above = spaces[above].parent
    return tuple(path)


def _wanted(spaces: Mapping[str, SpaceView], paths: Mapping[str, tuple[str, ...]], search: str) -> Iterable[str]:
    words = search.casefold()
    hits = [name for name, space in spaces.items() if words in name or words in space.title.casefold()]
    return {above for name in hits for above in paths[name]}


def _nested(twigs: Sequence[Twig]) -> list[Twig]:
    """The same, knowing where lists begin and end."""
    depths = [*(twig.depth for twig in twigs[1:]), 0]
    return [
        replace(twig, opens=after > twig.depth, closes=range(max(0, twig.depth - after)))
        for twig, after in zip(twigs, depths, strict=False)
    ]
