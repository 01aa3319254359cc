"""A support lead's hour at the web inbox, in Chromium and without a mouse, while the runner runs.

With CUSTAGENT_SCREENSHOTS set to a folder, pictures are written there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from tests.acceptance.conftest import ORIGIN
from tests.channels.widget.conftest import wait_until

ROOT = Path(__file__).parents[2]
SIZES = {"desktop": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
PASSWORD = "violet harbour seven combs"
PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [edit-agents, answer, admin]}
  - {name: cleo, full_name: Cleo Dahl, email: cleo@northwind.example, seat: service, permissions: [answer]}
teams:
  - {name: support, members: [anna, cleo]}
canned_replies:
  - {name: parcel, text: "Hello {contact}, it left us this morning. {user}"}
"""


@pytest.fixture(scope="module")
def staffed(new_house) -> Any:
    """A workspace whose agent hands over to a team of two."""
    house = new_house()
    home = house.home
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    agent = home.agents_folder / "support.yaml"
    handoff = "\n    handoff: {mode: transfer, to: [team:support]}"
    agent.write_text(agent.read_text(encoding="utf-8").rstrip() + handoff + "\n", encoding="utf-8")
    house.environment["CUSTAGENT_USER"] = "anna"
    with Application(home, user="anna") as app:
        apply_agents(app)
    return house


@pytest.fixture(scope="module")
def runner(staffed, start) -> Any:
    return start(staffed).ready()


class Lead:
    """Anna at a browser without a past, who has no mouse."""

    def __init__(self, chromium: Any, house: Any, runner: Any, **options: Any) -> None:
        self.house, self.address = house, runner.address
        width, height = SIZES["desktop"]
        self.context = chromium.new_context(
            **{"viewport": {"width": width, "height": height}, "locale": "en-GB", "reduced_motion": "reduce", **options}
        )
        self.context.set_default_timeout(90_000)
        self.errors: list[str] = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)

    def sign_in(self) -> None:
        """By a link as the command prints it, once."""
        link = self.house.json("users", "invite", "anna")["link"]
        self.page.goto(f"{self.address}/inbox/{link.partition('/inbox/')[2]}")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.address}/inbox")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def told(self, text: str) -> None:
        self.page.locator("#told").get_by_text(text).wait_for()

    def shows(self, name: str) -> None:
        """Pictures for whoever wants to look."""
        folder = os.environ.get("CUSTAGENT_SCREENSHOTS")
        if not folder:
            return
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=Path(folder) / f"inbox-{name}-{size}.png")
        width, height = SIZES["desktop"]
        self.page.set_viewport_size({"width": width, "height": height})


@pytest.fixture
def lead(chromium, staffed, runner) -> Iterator[Callable[..., Lead]]:
    made: list[Lead] = []

    def make(**options: Any) -> Lead:
        made.append(Lead(chromium, staffed, runner, **options))
        made[-1].sign_in()
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def wants_a_person(runner: Any, contact: Any) -> Any:
    visitor = contact(runner.port)
    visitor.wait_for_reply(visitor.send("I want to talk to a person"))
    return visitor


def header_of(runner: Any, visitor: Any) -> Any:
    """Who has the conversation, as the widget's header says."""
    headers = {"Authorization": f"Bearer {visitor.token}", "Origin": ORIGIN}
    with urlopen(Request(f"{runner.address}/chat/website/hello", headers=headers)) as answer:
        return json.load(answer)["state"]


def test_an_hour_by_keyboard(lead, runner, contact, staffed) -> None:
    visitor = wants_a_person(runner, contact)
    anna = lead()
    page = anna.page
    page.goto(f"{anna.address}/inbox?view=open")
    anna.press("j", "Enter")
    page.locator("article").wait_for()
    page.locator(".summary").get_by_text("The contact asked for a person").wait_for()
    if page.locator("form[data-action=take]").count():  # else routing gave it to her
        anna.press("t")
        anna.told("Yours now.")
    # A canned reply by its slash, in the name of the one who sends it.
    anna.press("r")
    page.keyboard.type("/par")
    page.locator("#canned [aria-selected=true]").wait_for()
    anna.press("Enter", "Control+Enter")
    anna.told("Sent.")
    heard = visitor.wait_for_reply(visitor.heard[-1]["id"])
    assert (heard["text"], heard["kind"]) == ("Hello, it left us this morning. Anna Berg", "person")
    assert header_of(runner, visitor)["name"] == "Anna Berg"
    # What the contact writes appears without a touch, while the draft of the next reply stays.
    anna.press("Escape", "r")
    page.keyboard.type("One mom")
    visitor.send("Thank you, and when is it here?")
    page.locator("#said").get_by_text("when is it here?").wait_for()
    page.keyboard.type("ent")
    assert page.locator("#text").input_value() == "One moment"
    anna.shows("thread")
    anna.press("Control+Enter")
    anna.told("Sent.")
    assert anna.errors == []


def test_the_rest_of_the_hour(lead, runner, contact, staffed) -> None:
    """A note, to a colleague, aside, back, to the agent, and done."""
    wants_a_person(runner, contact)
    anna = lead()
    page = anna.page
    (newest, *_) = reversed(staffed.json("inbox", "list"))
    number = newest["conversation"]["id"]
    page.goto(f"{anna.address}/inbox/c/{number}?view=open")
    anna.press("n")
    page.keyboard.type("The carrier says Monday.")
    anna.press("Control+Enter")
    anna.told("Noted.")
    page.locator(".by-note").get_by_text("The carrier says Monday.").wait_for()
    anna.press("Escape")
    page.locator("#to").focus()
    page.locator("#to").select_option("user:cleo")
    anna.told("Given away.")
    page.locator("#until").select_option("4h")
    anna.told("Put aside.")
    anna.press("Escape", "z")
    anna.told("Open again.")
    anna.press("b")
    anna.told("Given back to the agent.")
    page.locator("#said .by-agent .ai").last.wait_for()
    anna.press("e")
    anna.told("Closed.")
    page.locator(".status.closed").wait_for()
    assert "The carrier says Monday." in staffed.custagent("inbox", "show", number).stdout
    noted = {entry["action"] for entry in staffed.json("audit", number)}
    assert {"inbox read", "inbox note", "inbox assign user:cleo", "inbox release", "inbox close"} <= noted
    assert anna.errors == []


def test_a_conversation_that_comes_in_is_in_the_list_and_in_the_title(lead, runner, contact, staffed) -> None:
    # Else the next one may be Cleo's.
    assert staffed.custagent("users", "away", "cleo").returncode == 0
    wants_a_person(runner, contact)
    anna = lead()
    anna.page.goto(f"{anna.address}/inbox?view=open")
    # From now on the page hears what comes in.
    wait_until(anna.page, "document.title.startsWith('(')")
    before, title = anna.page.locator(".row").count(), anna.page.title()
    wants_a_person(runner, contact)
    anna.told("waits for")
    anna.page.locator(".row").nth(before).wait_for()
    wait_until(anna.page, f"document.title.startsWith('(') && document.title !== {title!r}")
    assert staffed.custagent("users", "back", "cleo").returncode == 0
    assert anna.errors == []


def test_what_is_done_in_a_terminal_is_seen(lead, runner, contact, staffed) -> None:
    visitor = wants_a_person(runner, contact)
    anna = lead()
    (newest, *_) = reversed(staffed.json("inbox", "list"))
    number = newest["conversation"]["id"]
    anna.page.goto(f"{anna.address}/inbox/c/{number}?view=open")
    assert staffed.custagent("inbox", "reply", number, "From the terminal").returncode == 0
    anna.page.locator("#said").get_by_text("From the terminal").wait_for()
    assert visitor.wait_for_reply(visitor.heard[-1]["id"])["text"] == "From the terminal"


def test_a_colleague_who_writes_is_seen(lead, runner, contact, staffed) -> None:
    wants_a_person(runner, contact)
    (newest, *_) = reversed(staffed.json("inbox", "list"))
    number = newest["conversation"]["id"]
    with Application(staffed.home, user="cleo") as app:
        app.store.notes.keep_draft(number, "cleo", "Dear", app.clock.now())
    anna = lead()
    anna.page.goto(f"{anna.address}/inbox/c/{number}?view=open")
    anna.page.get_by_text("cleo is writing a reply").wait_for()


def test_their_own_page_by_keyboard(lead, staffed) -> None:
    """Hours, away and back; nothing else is changed."""
    anna = lead()
    page = anna.page
    page.goto(f"{anna.address}/inbox/me")
    page.locator("#mon").focus()
    page.keyboard.type("09:00-17:00")
    page.locator("#alike").press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Save the hours"
    anna.press("Enter")
    page.get_by_text("in force.").wait_for()
    assert page.evaluate("document.activeElement.className") == "done", "whoever cannot see hears what was done"
    assert staffed.json("users", "show", "anna")["hours"] == {"mon-fri": "09:00-17:00"}
    page.locator("#fri").fill("nine")
    anna.press("Enter")
    page.get_by_role("alert").get_by_text("times of the day").wait_for()
    assert page.locator("#fri").input_value() == "nine"
    page.locator("#mon").fill("")
    for day in ("tue", "wed", "thu", "fri"):
        page.locator(f"#{day}").fill("")
    anna.press("Enter")
    page.get_by_text("in force.").wait_for()
    page.get_by_role("button", name="I am away").press("Enter")
    page.get_by_text("You are away. ").wait_for()
    assert staffed.json("users", "show", "anna")["availability"] == "away"
    page.get_by_role("button", name="I am back").press("Enter")
    page.get_by_text("You are back.").wait_for()
    assert anna.errors == ["Failed to load resource: the server responded with a status of 400 (Bad Request)"]


def test_searching_and_asking_why(lead, runner, contact) -> None:
    visitor = wants_a_person(runner, contact)
    number = visitor.heard[-1]["id"]
    visitor.send("Nasturtium 4711")
    anna = lead()
    page = anna.page
    anna.press("/")
    page.keyboard.type("nasturtium")
    anna.press("Enter")
    page.locator("mark").get_by_text("Nasturtium").wait_for()
    anna.shows("found-light")
    anna.press("Escape", "j", "Enter")
    page.locator("#said").get_by_text("Nasturtium 4711").wait_for()
    page.locator(f"#why-{number}").press("Enter")
    page.locator("#why[open]").get_by_text("the contact asked for a person").wait_for()
    anna.shows("why-light")
    anna.press("Escape")
    wait_until(page, f"document.activeElement.id === 'why-{number}'")
    assert page.locator("mark").count(), "what was found is there still"
    assert anna.errors == []


def test_nobody_is_lost_after_an_action(lead, runner, contact, staffed) -> None:
    """Whoever uses no mouse stands where they stood, or beside it; never nowhere."""
    wants_a_person(runner, contact)
    anna = lead()
    page = anna.page
    (newest, *_) = reversed(staffed.json("inbox", "list"))
    page.goto(f"{anna.address}/inbox/c/{newest['conversation']['id']}?view=open")
    page.locator("form[data-action=close] button").press("Enter")
    anna.told("Closed.")
    page.locator(".status.closed").wait_for()
    assert page.evaluate("document.activeElement.closest('#thread') !== null")
    wants_a_person(runner, contact)
    page.goto(f"{anna.address}/inbox?view=open")
    anna.press("j")
    anna.press("Enter")
    page.locator("article").wait_for()
    anna.press("e")
    anna.told("Closed.")
    assert page.evaluate("document.activeElement !== document.body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(lead, runner, contact, require, scheme) -> None:
    """axe-core finds nothing on any page, at any size."""
    file = Path(os.environ.get("CUSTAGENT_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    require(
        "axe-core", file.is_file(), "`npm install --no-save axe-core` beside the tests, or its file at CUSTAGENT_AXE"
    )
    axe = file.read_text(encoding="utf-8")
    wants_a_person(runner, contact)
    anna = lead(color_scheme=scheme, bypass_csp=True)
    page = anna.page
    pages = {
        "door": "/inbox/sign-in", "me": "/inbox/me", "found": "/inbox?q=person", "list": "/inbox?view=open",
        "thread": "", "keys": "",
    }  # fmt: skip
    for name, path in pages.items():
        if path:
            page.goto(anna.address + path)
        elif name == "thread":
            page.locator("a.row").first.press("Enter")
            page.locator("article").wait_for()
        else:
            page.locator("#thread").focus()
            anna.press("?")
            page.locator("#keys[open]").wait_for()
        anna.shows(f"{name}-{scheme}")
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(axe + ";0")
            found = page.evaluate("axe.run(document)")
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == [], name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        page.set_viewport_size({"width": 1440, "height": 900})
