"""A peer for tests: it keeps texts in the order in which they come, and prints what would upset a conversation."""

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.adapters.arms import Arm
from benchmarks.adapters.lines import Start, serve


class Shelf(Arm):
    def __init__(self, start: Start) -> None:
        self._given = start.given
        self._texts: dict[str, list[str]] = defaultdict(list)

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        print("storing", len(self._given.lists(texts)))
        self._texts[tenant] += texts

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        if cue == "unbearable":
            raise SystemExit("The shelf broke.")
        return self._texts[tenant][:count]


if __name__ == "__main__":
    serve(["numpy"], Shelf)
