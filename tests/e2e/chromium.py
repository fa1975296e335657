"""The system's Chromium, driven by Playwright; nothing is downloaded."""

import shutil

from playwright.sync_api import Browser, Playwright

# The shell draws no window, and is the fastest.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# No sandbox, because tests run as root too; no traffic but ours.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class NoChromium(RuntimeError):
    """There is no Chromium on PATH, which the browser tests drive; on Debian: apt-get install chromium-headless-shell."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def launch(playwright: Playwright) -> Browser:
    """Start a browser. Raises ``NoChromium``."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoChromium
    return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
