"""The chat as a visitor has it: Chromium on a page of the help site, `custagent run` behind it on another origin.

With CUSTAGENT_SCREENSHOTS set to a folder, pictures are written there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.runtime.proving.demo import examples
from custagent.runtime.proving.site import StaticSite

DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
PAGES = ("delivery/costs.html", "returns/refunds.html", "workshop/winter-storage.html")
QUESTION = "Can you store my bike for me over the winter, and what do you charge?"
WORDS = "890 kr for the season"
PARCELS = "When are parcels within Sweden free of delivery costs?"
PARCELS_WORDS = "free from an order value of 799 kr"
#: Seconds: a runner that was killed is followed by the next one this much later.
LEASE = 0.5


class Served:
    """A help site that shows the chat, the workspace that answers there, and the runner, which may be started anew."""

    def __init__(self, site: StaticSite, house: Any, start: Callable[..., Any]) -> None:
        self.site = site
        self.house = house
        self._start = start
        self.runner = start(house, lease=LEASE).ready()

    def again(self, *, ahead: float = 0) -> None:
        """The next runner, on the same port, with a clock so many hours ahead."""
        self.runner = self._start(self.house, port=self.runner.port, lease=LEASE, ahead=ahead).ready()

    def ok(self, *arguments: str) -> str:
        done = self.house.custagent(*arguments)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, empty_house, start) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("site")
    for page in PAGES:
        (folder / page).parent.mkdir(exist_ok=True)
        shutil.copy(examples() / "help-site" / page, folder / page)
    shutil.copytree(examples() / "help-site" / "assets", folder / "assets")
    house = empty_house()
    with StaticSite(folder) as site:
        urls = [f"{site.origin}/{page}" for page in PAGES]
        for command in (
            ("init", "--name", "Hjulvinda"),
            ("create", "support", "--yes"),
            ("sources", "add", "support", *urls, "--allow-host", site.host),
            ("channels", "add", "live-chat", "website", "--origin", site.origin),
            ("assign", "support", "website"),
        ):
            done = house.custagent(*command)
            assert done.returncode == 0, done.stderr
        served = Served(site, house, start)
        site.put_on_every_page(served.ok("channels", "snippet", "website", "--url", served.runner.address).strip())
        yield served


class Visitor:
    """Somebody at a browser without a past, who has no mouse."""

    def __init__(self, browser: Any, served: Served, **options: Any) -> None:
        self.served = served
        self.context = browser.new_context(
            **{"viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce", **options}
        )
        self.context.set_default_timeout(90_000)
        self.errors: list[str] = []
        self.context.on("page", lambda page: page.on("pageerror", lambda error: self.errors.append(str(error))))
        self.page = self.tab()

    def tab(self) -> Any:
        page = self.context.new_page()
        page.goto(f"{self.served.site.origin}/{PAGES[0]}")
        return page

    def open(self, page: Any = None) -> Any:
        """Open the chat by keyboard: the frame."""
        page = page or self.page
        page.locator("#custagent .launcher").wait_for()
        while page.evaluate("document.activeElement?.shadowRoot?.activeElement?.className") != "launcher":
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        frame = page.frame_locator("#custagent iframe")
        frame.get_by_text("Powered by AI").wait_for()
        return frame

    def ask(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def shows(self, name: str, page: Any = None) -> None:
        """A picture for whoever wants to look."""
        folder = os.environ.get("CUSTAGENT_SCREENSHOTS")
        if folder:
            (page or self.page).screenshot(path=Path(folder) / f"{name}.png")


def exchanged(frame: Any) -> list[str]:
    """What stands in the bubbles, without the greeting."""
    return frame.locator(".message:not([data-intro]) .bubble").evaluate_all("all => all.map(one => one.dataset.text)")  # type: ignore[no-any-return]


def focused(frame: Any) -> str:
    return str(
        frame.locator("body").evaluate(
            "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
        )
    )


@pytest.fixture
def visitor(chromium, served) -> Iterator[Callable[..., Visitor]]:
    came: list[Visitor] = []

    def come(**options: Any) -> Visitor:
        came.append(Visitor(chromium, served, **options))
        return came[-1]

    yield come
    for one in came:
        one.context.close()
        assert one.errors == []


@pytest.fixture
def conversations(served) -> Callable[[], list[dict[str, Any]]]:
    """What has come since the test began, oldest first, each with its messages and credit entries."""
    before = {one["id"] for one in served.house.json("conversations", "list")}

    def since() -> list[dict[str, Any]]:
        new = [one["id"] for one in served.house.json("conversations", "list") if one["id"] not in before]
        shown = [served.house.json("conversations", "show", one) for one in new]
        return sorted(shown, key=lambda one: one["opened_at"])

    return since


def test_a_question_is_answered_with_a_link_that_opens_the_right_page(visitor, served, conversations):
    one = visitor()
    frame = one.open()
    assert focused(frame) == "Write your message"
    one.ask(QUESTION)
    frame.get_by_role("log").get_by_text(WORDS).wait_for()
    assert frame.get_by_text("Powered by AI").is_visible()
    assert frame.get_by_role("log").get_by_text("AI").first.is_visible()
    one.shows("1280-answer")
    link = frame.get_by_role("link", name="Winter storage")
    while focused(frame) != link.text_content():
        one.page.keyboard.press("Shift+Tab")
    with one.context.expect_page() as opened:
        one.page.keyboard.press("Enter")
    source = opened.value
    source.wait_for_load_state()
    assert source.url.partition("#")[0] == f"{served.site.origin}/workshop/winter-storage.html"
    (conversation,) = conversations()
    answer = conversation["messages"][-1]
    assert answer["citations"][0]["quote"] in " ".join(source.inner_text("main").split())
    assert WORDS in answer["citations"][0]["quote"]
    assert [(entry["kind"], entry["amount"]) for entry in conversation["credit_entries"]] == [("charge", -100)]


def test_reloading_keeps_the_thread_and_another_tab_sees_it_too(visitor, conversations):
    one = visitor()
    one.open()
    one.ask(QUESTION)
    frame = one.page.frame_locator("#custagent iframe")
    frame.get_by_role("log").get_by_text(WORDS).wait_for()
    before = exchanged(frame)
    one.page.reload()
    again = one.open()
    again.get_by_role("log").get_by_text(WORDS).wait_for()
    assert exchanged(again) == before
    tab = one.tab()
    beside = one.open(tab)
    beside.get_by_role("log").get_by_text(WORDS).wait_for()
    assert exchanged(beside) == before
    # And what is said in one of them.
    one.page.bring_to_front()
    again.get_by_role("textbox").focus()
    one.ask(PARCELS)
    beside.get_by_role("log").get_by_text(PARCELS_WORDS).wait_for()
    again.get_by_role("log").get_by_text(PARCELS_WORDS).wait_for()
    assert exchanged(beside) == exchanged(again)
    (conversation,) = conversations()
    assert len(conversation["credit_entries"]) == 1


def test_a_runner_that_is_killed_and_started_again_loses_and_doubles_nothing(visitor, served, conversations):
    one = visitor()
    frame = one.open()
    log = frame.get_by_role("log")
    one.ask(QUESTION)
    log.get_by_text(WORDS).wait_for()
    # In the middle: sent, and nobody knows how far it has come.
    one.ask(PARCELS)
    served.runner.kill()
    one.ask("Hello?")
    frame.get_by_text("Not sent").first.wait_for()
    frame.get_by_text("No connection").wait_for()
    one.shows("1280-no-connection")
    served.again()
    log.get_by_text(PARCELS_WORDS).wait_for()
    frame.get_by_text("Not sent").wait_for(state="detached")
    frame.get_by_text("No connection").wait_for(state="detached")
    (conversation,) = conversations()
    asked = [message["text"] for message in conversation["messages"] if message["sender"] == "contact"]
    assert asked == [QUESTION, PARCELS, "Hello?"]
    frame.locator(f'.bubble[data-text="{asked[-1]}"]').wait_for()
    shown = exchanged(frame)
    assert [text for text in shown if text in asked] == asked
    assert sum(WORDS in text for text in shown) == sum(PARCELS_WORDS in text for text in shown) == 1
    assert [(entry["kind"], entry["amount"]) for entry in conversation["credit_entries"]] == [("charge", -100)]


def test_on_a_phone(visitor):
    one = visitor(viewport=PHONE, is_mobile=True, has_touch=True)
    frame = one.open()
    one.ask(QUESTION)
    frame.get_by_role("log").get_by_text(WORDS).wait_for()
    one.shows("390-answer")
    assert frame.get_by_text("Powered by AI").is_visible()
    # The page behind does not show beside it, and nothing is cut off.
    assert frame.locator("body").evaluate("body => body.scrollWidth <= innerWidth && innerWidth === 390")


def test_a_day_later_a_message_begins_a_new_conversation_and_costs_anew(visitor, served, conversations):
    one = visitor()
    frame = one.open()
    one.ask(QUESTION)
    frame.get_by_role("log").get_by_text(WORDS).wait_for()
    assert served.runner.stop()[0] == 0
    served.again(ahead=24)
    one.page.reload()
    frame = one.open()
    # The old thread is there to read.
    frame.get_by_role("log").get_by_text(WORDS).wait_for()
    one.ask(PARCELS)
    frame.get_by_role("log").get_by_text(PARCELS_WORDS).wait_for()
    first, second = conversations()
    assert (first["status"], first["outcome"], second["status"]) == ("closed", "answered", "pending")
    assert [message["kind"] for message in second["messages"]] == ["inbound", "disclosure", "answer"]
    assert [entry["amount"] for one in (first, second) for entry in one["credit_entries"]] == [-100, -100]
