"""A live server in this process, a browser, and a page that minds every error in its console."""

from collections.abc import Iterator
from threading import Thread

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect, sync_playwright

from engram_site.wsgi import application
from tests.e2e.chromium import launch
from tests.e2e.visitors import OpenPage

# Milliseconds. Long, for a machine that has much else to do; only what fails waits for them.
expect.set_options(timeout=20_000)
PATIENCE = 30_000


# Of this folder alone: elsewhere, the event loop that drives the browser would be in the way.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Django takes that loop for ours, and would refuse every query of a test.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    """The address of the installation under test."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(application)
    thread = Thread(target=server.serve_forever, name="site", kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, site: str, database: None) -> Iterator[OpenPage]:
    """Open a fresh browser's page, with any of Playwright's context options. Nothing may have reached a console in the end."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(f"{message.location.get('url')}: {message.text}")

    def open_page(**options):
        context = browser.new_context(base_url=site, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", listen)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
