"""A real browser, a visitor in it, and other web sites that show the chat."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from custagent.core.document import Citation
from custagent.core.message import MessageKind

ROOT = Path(__file__).resolve().parents[3]
DESKTOP = {"width": 1280, "height": 860}


def reply(text: str) -> list[dict[str, Any]]:
    """A greeting is greeted, anything vague is asked back, all else is answered from a page."""
    if "bikes" in text:
        return [{"text": "Which bikes?", "kind": MessageKind.CLARIFY, "options": ("E-bikes", "Used bikes")}]
    location = "https://help.example/returns"
    cited = Citation(title="How to return", source=location, location=location, quote="q", anchor="start")
    secret = Citation(title="Staff only", source="x", location="https://help.example/x", quote="q", private=True)
    manual = Citation(title="Manual", source="content/manual.pdf", location="content/manual.pdf", quote="q", page=2)
    return [{"text": f"You asked: {text}", "citations": (cited, secret, manual)}]


class Widget:
    """The widget on a page, in a visitor's words."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frame = page.frame_locator("#custagent iframe")
        self.log = self.frame.get_by_role("log")
        self.box = self.frame.get_by_role("textbox", name="Write your message")
        self.launcher = page.locator("#custagent .launcher")

    def open(self) -> Widget:
        self.page.get_by_role("button", name="Open chat").click()
        self.frame.get_by_text("How can I help").wait_for()
        return self

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def hears(self, text: str) -> None:
        self.log.get_by_text(text, exact=True).wait_for()

    def texts(self) -> list[str]:
        """What stands in the bubbles, from top to bottom."""
        return self.frame.locator(".bubble").evaluate_all("all => all.map(one => one.dataset.text)")

    def exchanged(self) -> list[str]:
        """The same without the greeting and disclosure."""
        return self.frame.locator(".message:not([data-intro]) .bubble").evaluate_all(
            "all => all.map(one => one.dataset.text)"
        )

    def focused(self) -> str:
        """The name of what has the focus inside the frame, "" when nothing has."""
        return self.frame.locator("body").evaluate(
            "() => document.hasFocus() && document.activeElement !== document.body"
            " ? document.activeElement.getAttribute('aria-label') || document.activeElement.textContent : ''"
        )


def standing(locator: Any) -> dict[str, float]:
    """Where it stands once it has come: it does so with a short movement."""
    locator.evaluate("one => Promise.all(one.getAnimations().map((moving) => moving.finished))")
    return locator.bounding_box()


def wait_until(page: Any, expression: str) -> None:
    """Until it holds in the page. Playwright's own way needs a page that may `eval`."""
    deadline = time.monotonic() + 90
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never: {expression}"
        page.wait_for_timeout(20)


def wait_for(page: Any, condition: Callable[[], object]) -> None:
    """Until it is so outside of the page, which goes on meanwhile."""
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


class Site:
    """Another web site, whose one page a test writes. `localhost` and 127.0.0.1 are different sites to a browser."""

    def __init__(self) -> None:
        self.html = self.policy = ""
        self.language = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                language = f' lang="{site.language}"' if site.language else ""
                page = f"<!doctype html><html{language}><title>Shop</title><body>{site.html}</body></html>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_address[1]}"
        self._worker = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._worker.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._worker.join()


@pytest.fixture(scope="package")
def chromium(require: Any) -> Iterator[Any]:
    """Debian's Chromium, driven by playwright. It goes with this folder: its loop would be in other tests' way."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        sync_playwright = None
    require("playwright", sync_playwright, "it drives the browser that the widget is tested in")
    program = Path("/usr/bin/chromium")
    require("chromium", program.is_file(), "the widget is tested in a real browser")
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=str(program), headless=True, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium):
    """Opens browsers without a past: `visitor(**context options)`. Page errors fail the test."""
    contexts, errors = [], []

    def new(**options: Any) -> Any:
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        context.set_default_timeout(90_000)
        context.on("page", lambda page: page.on("pageerror", lambda error: errors.append(str(error))))
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def chat(thread, serve, visitor):
    """A visitor on the demo's page, with the server behind it: (widget, server)."""
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    return Widget(page), server


@pytest.fixture
def site() -> Iterator[Callable[[], Site]]:
    """Makes other web sites."""
    made: list[Site] = []

    def make() -> Site:
        made.append(Site())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def axe(require: Any) -> str:
    """The source of axe-core, which finds what keeps people from using a page."""
    file = Path(os.environ.get("CUSTAGENT_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    require(
        "axe-core", file.is_file(), "`npm install --no-save axe-core` beside the tests, or its file at CUSTAGENT_AXE"
    )
    return file.read_text(encoding="utf-8")


@pytest.fixture
def thread(thread: Any) -> Any:
    """A thread that answers."""
    thread.replies = reply
    return thread


@pytest.fixture(name="reply")
def _reply() -> Callable[[str], list[dict[str, Any]]]:
    return reply


@pytest.fixture
def widget_on() -> type[Widget]:
    return Widget
