"""Who answers, as the contact sees it: a person takes the chat and gives it back, from a terminal, and Chromium shows it.

With CUSTAGENT_SCREENSHOTS set to a folder, pictures are written there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.proving.site import StaticSite
from tests.acceptance.conftest import ANSWER, ORIGIN, QUESTION
from tests.pictures import png

PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service, photo: photos/anna.png,
     permissions: [edit-agents, answer, admin]}
"""


@pytest.fixture(scope="module")
def staffed(new_house) -> Any:
    """A workspace with an agent, and with Anna and her picture."""
    house = new_house()
    photo = house.home.root / "photos" / "anna.png"
    photo.parent.mkdir()
    photo.write_bytes(png(160, 200))
    house.environment["CUSTAGENT_USER"] = "anna"
    return house


@pytest.fixture(scope="module")
def site(staffed, start, tmp_path_factory) -> Iterator[StaticSite]:
    """A page with the chat on it, and the runner behind that."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><html lang=en><body>Shop</body></html>", encoding="utf-8")
    with StaticSite(folder) as made:
        file = staffed.home.workspace_file
        text = file.read_text(encoding="utf-8").replace(ORIGIN, made.origin)
        file.write_text(text + PEOPLE, encoding="utf-8")
        apply(staffed)
        address = start(staffed).ready().address
        snippet = staffed.custagent("channels", "snippet", "website", "--url", address)
        made.put_on_every_page(snippet.stdout.strip())
        yield made


def apply(house: Any) -> None:
    with Application(house.home, user="anna") as app:
        apply_agents(app)


class Chat:
    """A visitor with the chat open."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.get_by_role("button", name="Open chat").click()
        self.frame = page.frame_locator("#custagent iframe")
        self.frame.get_by_text("Powered by AI").wait_for()
        self.name = self.frame.locator("#name")
        self.photo = self.frame.locator("#face img")

    def hears(self, text: str) -> None:
        self.frame.get_by_role("log").get_by_text(text, exact=True).last.wait_for()

    def disclosures(self) -> int:
        return int(self.frame.get_by_role("log").get_by_text("You are chatting with an AI assistant").count())

    def shows(self, name: str) -> None:
        folder = os.environ.get("CUSTAGENT_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"handoff-{name}.png")


@pytest.fixture
def page(chromium, site) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(90_000)
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site.origin}/index.html")
    yield page
    context.close()
    assert errors == []


def do(house: Any, *arguments: str) -> None:
    done = house.custagent("inbox", *arguments)
    assert done.returncode == 0, done.stderr


def test_a_person_takes_it_and_gives_it_back(page, staffed) -> None:
    chat = Chat(page)
    chat.frame.get_by_role("textbox").fill(QUESTION)
    page.keyboard.press("Enter")
    chat.hears(ANSWER)
    (number,) = [one["id"] for one in staffed.json("conversations", "list")]
    before = chat.disclosures()

    do(staffed, "take", number)
    chat.photo.wait_for()
    assert chat.photo.evaluate("async img => { await img.decode(); return img.naturalWidth }") == 160
    assert chat.name.inner_text() == "Anna Berg"
    assert chat.frame.get_by_text("Powered by AI").count() == 0
    do(staffed, "reply", number, "Hello, Anna here.")
    chat.hears("Hello, Anna here.")
    assert chat.frame.locator(".message.person .who").last.inner_text().startswith("Anna Berg")
    chat.shows("person")

    do(staffed, "release", number)
    chat.frame.get_by_text("Powered by AI").wait_for()
    assert chat.photo.count() == 0
    assert chat.name.inner_text() == "Northwind"
    chat.frame.locator(".message.agent").last.get_by_text("AI assistant").wait_for()
    assert chat.disclosures() == before + 1
    chat.shows("agent")

    # Where the assignment says so, the agent's sign stays, and the name in the thread is the person's.
    agent = staffed.home.agents_folder / "support.yaml"
    avatar = "\n    handoff: {update_avatar: false}\n"
    agent.write_text(agent.read_text(encoding="utf-8").rstrip() + avatar, encoding="utf-8")
    apply(staffed)
    do(staffed, "take", number)
    do(staffed, "reply", number, "Me again.")
    chat.hears("Me again.")
    chat.frame.get_by_text("Powered by AI").wait_for(state="detached")
    assert (chat.photo.count(), chat.frame.locator("#face svg").count()) == (0, 1)
    assert chat.frame.locator(".message.person .who").last.inner_text().startswith("Anna Berg")
    chat.shows("kept-avatar")
