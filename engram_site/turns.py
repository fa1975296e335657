"""How the threads of a process take turns."""

import sys

SECONDS = 0.0005


def take_short_turns() -> None:
    """A thread gives the interpreter up at every query and waits for the end of a busy neighbour's turn to get it back.

    Python's own turns are 5 ms: a request, or an import that reads ahead, would spend more time waiting than working.
    """
    sys.setswitchinterval(SECONDS)
