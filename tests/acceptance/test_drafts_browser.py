"""Where the agent only suggests, its draft stands in the reply of whoever opens a conversation, in Chromium (ASG-5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.test_inbox_browser import PEOPLE, Lead
from tests.channels.widget.conftest import wait_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def house(new_house) -> Any:
    """A workspace whose agent only suggests."""
    house = new_house()
    home = house.home
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    agent = home.agents_folder / "support.yaml"
    agent.write_text(agent.read_text(encoding="utf-8").rstrip() + "\n    mode: suggest\n", encoding="utf-8")
    house.environment["CUSTAGENT_USER"] = "anna"
    told = ("--question", "When are you open?", "--answer", "From Monday to Friday, nine to five.")
    for words in (("apply",), ("sources", "add", "support", *told)):
        done = house.custagent(*words)
        assert done.returncode == 0, done.stderr
    return house


def test_the_draft_follows_the_contact_until_a_person_changes_it(house, start, chromium, contact) -> None:
    runner = start(house).ready()
    visitor = contact(runner.port)
    visitor.send("When are you open?")
    anna = Lead(chromium, house, runner)
    anna.sign_in()
    page = anna.page
    page.goto(f"{anna.address}/inbox?view=open")
    page.locator(".row").wait_for()
    anna.press("j", "Enter")
    wait_until(page, "document.getElementById('text')?.value.includes('Monday')")
    page.locator("#kept").get_by_text("From: When are you open?").wait_for()
    anna.shows("draft")
    # What others do meanwhile changes nothing about it.
    (item,) = house.json("inbox", "list")
    house.custagent("inbox", "note", item["conversation"]["id"], "A regular.")
    page.locator(".by-note").get_by_text("A regular.").wait_for()
    page.locator("#kept").get_by_text("From: When are you open?").wait_for()
    assert "Monday" in page.locator("#text").input_value()
    visitor.send("And how long is the warranty?")
    wait_until(page, "document.getElementById('text').value.includes('Two years')")
    # From here on it is hers.
    page.locator("#text").fill("We do.")
    visitor.send("Thank you")
    page.locator("#said").get_by_text("Thank you").wait_for()
    assert page.locator("#text").input_value() == "We do."
    anna.press("Control+Enter")
    anna.told("Sent.")
    heard = visitor.wait_for_reply(visitor.heard[-1]["id"] if visitor.heard else 0)
    assert (heard["text"], heard["kind"]) == ("We do.", "person")
    assert house.charges() == []
    assert page.locator("#text").input_value() == ""
    assert anna.errors == []
    anna.context.close()
