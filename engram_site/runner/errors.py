"""Why Engram could not start, or could not go on."""


class StartError(Exception):
    """One plain sentence for the person at the terminal, and the log lines that explain it, if any."""

    def __init__(self, sentence: str, *, log: str = "") -> None:
        super().__init__(sentence)
        self.log = log
