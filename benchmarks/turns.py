"""Arms that take turns at the same work. One that fails is out, and the others go on."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tqdm import tqdm

from benchmarks.adapters.arms import Clients
from benchmarks.peer_process import PeerError

T = TypeVar("T")
R = TypeVar("R")


class Turns:
    """``failed`` says why, of each arm that is out."""

    def __init__(self) -> None:
        self.arms: dict[str, Clients] = {}
        self.failed: dict[str, str] = {}

    def take(
        self, title: str, names: Sequence[str], work: Sequence[T], act: Callable[[Clients, T], R]
    ) -> dict[str, list[R]]:
        """What every arm of these names makes of each piece of work, every time from the next arm on."""
        results: dict[str, list[R]] = {name: [] for name in names}
        with tqdm(total=len(work) * len(names), desc=title, unit="turn", leave=False) as bar:
            for turn, piece in enumerate(work):
                start = turn % len(names)
                for name in [*names[start:], *names[:start]]:
                    bar.set_postfix_str(name)
                    if name in self.arms:
                        try:
                            results[name].append(act(self.arms[name], piece))
                        except PeerError as error:
                            self.failed[name] = str(error)
                            del self.arms[name]
                    bar.update()
        return results
