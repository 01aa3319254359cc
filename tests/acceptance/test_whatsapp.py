"""WhatsApp from end to end: the real runner, the real adapter, a strict provider; a whole conversation, and odd ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.proving.site import StaticSite
from custagent.testing.meta import FakeMeta, Fault
from tests.acceptance.inbox_page import InboxPage
from tests.acceptance.phone import CHANNEL, be_hasty
from tests.acceptance.providers import _Silent
from tests.pictures import png

PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [answer, edit-agents, admin]}
fetch:
  allow_hosts: ["%s"]
"""
PAGES = {
    "lamps.html": ("Returning a lamp", "You can return a lamp within 30 days. Pack it and send it to our warehouse."),
    "sofas.html": ("Returning a sofa", "You can return a sofa within 14 days. We come and fetch it for 59 euro."),
}
AGENT = """\
name: support
sources:
  - url: {origin}/lamps.html
  - url: {origin}/sofas.html
assignments:
  - channel: phone
    handoff: {{mode: transfer, to: ["user:anna"]}}
"""
CONTACT = "46701234567"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    for name, (title, text) in PAGES.items():
        page = (
            f"<!doctype html><html lang=en><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p>"
        )
        (folder / name).write_text(f"{page}</main></body></html>", encoding="utf-8")
    with StaticSite(folder) as made:
        yield made.origin


@pytest.fixture(scope="module")
def meta(new_meta) -> FakeMeta:
    return new_meta(again=0.2)


@pytest.fixture(scope="module")
def house(meta, site, new_phone_house) -> Any:
    made = new_phone_house(meta)
    workspace = made.home.workspace_file
    workspace.write_text(
        workspace.read_text(encoding="utf-8") + PEOPLE % site.removeprefix("http://"), encoding="utf-8"
    )
    agent_path(made.home, "support").write_text(AGENT.format(origin=site), encoding="utf-8")
    with Application(made.home, user="anna") as app:
        apply_agents(app)
        sync(app, app.agent("support"), _Silent())
    made.environment["CUSTAGENT_USER"] = "anna"
    return be_hasty(made)


@pytest.fixture(scope="module")
def runner(house, meta, start) -> Any:
    started = start(house).ready()
    meta.reach(started.address)
    return started


class Phone:
    """A contact, who reads what comes."""

    def __init__(self, meta: FakeMeta, key: str) -> None:
        self.meta, self.key, self.seen = meta, key, 0

    def next(self) -> Any:
        """The next reply."""
        assert self.meta.wait_for(lambda: len(self.meta.replies_to(self.key)) > self.seen), f"{self.seen} came"
        self.seen += 1
        return self.meta.replies_to(self.key)[self.seen - 1]


def only(house: Any, key: str) -> str:
    """The contact's latest conversation."""
    with house.rows() as rows:
        found = rows.execute(
            "SELECT conversations.id FROM conversations JOIN contacts ON contacts.id = contact WHERE contacts.key = ?"
            " ORDER BY conversations.opened_at DESC",
            (key,),
        ).fetchone()
    return str(found[0])


def done(house: Any, *arguments: str) -> str:
    told = house.custagent(*arguments)
    assert told.returncode == 0, told.stderr
    return str(told.stdout)


def test_a_whole_conversation(*, runner, house, meta, site, wait_until):
    phone = Phone(meta, CONTACT)
    asked = meta.write(CONTACT, "How do I return it?", name="Åsa")
    disclosure = phone.next()
    assert "AI" in disclosure.text
    question = phone.next()
    titles = [one["reply"]["title"] for one in question.body["interactive"]["action"]["buttons"]]
    assert sorted(titles) == ["Returning a lamp", "Returning a sofa"]
    assert not any(title in question.text for title in titles), "the buttons tell the options"
    meta.press(question, "Returning a sofa")
    answer = phone.next()
    assert "within 14 days" in answer.text
    assert f"{site}/sofas.html" in answer.text
    assert asked in meta.read
    assert asked in meta.typing
    meta.write(CONTACT, "I want to talk to a person")
    assert "colleague" in phone.next().text
    conversation = only(house, CONTACT)
    meta.write(CONTACT, "How long may I return a lamp?")
    wait_until(lambda: house.threads()[CONTACT][-1][2].startswith("How long"))
    done(house, "inbox", "reply", conversation, "Thirty days, Åsa. Anna here.")
    assert phone.next().text == "Thirty days, Åsa. Anna here."
    with InboxPage(house, runner.address) as anna:
        assert "Thirty days, Åsa. Anna here." in anna.shows(conversation)
        anna.does(conversation, "reply", text="And from the inbox: pack it well.")
        assert phone.next().text == "And from the inbox: pack it well."
        anna.does(conversation, "release")
    meta.write(CONTACT, "How do I return a lamp?")
    again, answer = phone.next(), phone.next()
    assert "AI" in again.text, "it says anew that an AI answers"
    assert "within 30 days" in answer.text
    done(house, "inbox", "close", conversation)
    with house.rows() as rows:
        assert rows.execute("SELECT status FROM conversations WHERE id = ?", (conversation,)).fetchone()[0] == "closed"
    assert [charged for charged, _ in house.charges() if charged == conversation] == [conversation]
    wait_until(lambda: meta.idle)
    assert house.delivery(CHANNEL).keys() == {"read"}


def test_who_has_no_number_is_answered_by_the_id(runner, meta, house):
    phone = Phone(meta, "SE.24681357")
    meta.write("SE.24681357", "How do I return a lamp?")
    phone.next()
    answer = phone.next()
    assert "within 30 days" in answer.text
    assert answer.body["recipient"] == "SE.24681357"


@pytest.mark.parametrize(
    "words",
    [{"type": "reaction", "reaction": {"message_id": "wamid.R1", "emoji": "😮"}},
     {"type": "text", "text": {"body": "How do I return a lamp?"}, "group_id": "Y2FwaV9ncm91cDox"},
     {"type": "system", "system": {"type": "customer_identity_changed", "body": "changed"}}],
)  # fmt: skip
def test_what_is_not_said_to_us_is_not_answered(*, runner, meta, house, words):
    key = f"4670200{len(words['type'])}"
    message = meta.say(key, words)
    assert meta.wait_for(lambda: message in meta.acknowledged)
    # Who writes afterwards is answered: by then an answer to this would have come.
    phone = Phone(meta, f"{key}9")
    meta.write(phone.key, "How do I return a lamp?")
    phone.next()
    phone.next()
    assert meta.replies_to(key) == []


def test_what_cannot_be_read_is_said_so_once(runner, meta):
    phone = Phone(meta, "46703001")
    meta.say(phone.key, {"type": "unsupported", "errors": [{"code": 131051}], "unsupported": {"type": "poll"}})
    disclosure, answer = phone.next(), phone.next()
    assert "AI" in disclosure.text
    assert answer.text
    assert len(meta.replies_to(phone.key)) == 2


def test_a_picture_s_caption_is_answered_and_the_picture_kept(runner, meta, house, wait_until):
    phone = Phone(meta, "46703002")
    content = png(20, 20)
    picture = {"id": meta.keep_file(content, "image/png"), "mime_type": "image/png", "sha256": "x"}
    meta.say(phone.key, {"type": "image", "image": picture | {"caption": "How do I return a lamp?"}})
    phone.next()
    assert "within 30 days" in phone.next().text
    wait_until(lambda: picture["id"] in meta.fetched)


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT])
def test_after_a_silence_the_provider_s_word_decides(runner, meta, house, wait_until, fault):
    """A reply that was taken is not sent again; one that was not is, and not before the provider had time to tell."""
    phone = Phone(meta, f"46704{list(Fault).index(fault)}")
    meta.disturb(fault)
    meta.write(phone.key, "How do I return a lamp?")
    first, second = phone.next(), phone.next()
    wait_until(lambda: meta.idle and house.waiting() == (0, 0))
    assert "AI" in first.text
    assert "within 30 days" in second.text
    assert len(meta.replies_to(phone.key)) == 2


def test_what_the_number_s_owner_writes_in_the_app_takes_over(runner, meta, house, wait_until):
    key = "46705001"
    # Whoever is there would be given what waits for people, and the contact told so, at some moment.
    done(house, "users", "away", "anna")
    phone = Phone(meta, key)
    meta.write(key, "How do I return a lamp?")
    phone.next()
    phone.next()
    echo = meta.echo(key, "Hello, this is Bo of Northwind.")
    assert meta.wait_for(lambda: echo in meta.acknowledged)
    wait_until(lambda: house.threads()[key][-1][1] == "person")
    later = meta.write(key, "How do I return a sofa?")
    assert meta.wait_for(lambda: later in meta.acknowledged)
    other = Phone(meta, "46705002")
    meta.write(other.key, "How do I return a lamp?")
    other.next()
    other.next()
    assert len(meta.replies_to(key)) == 2, "the agent is silent"


def test_check_says_what_is_right(runner, house):
    told = done(house, "channels", "check", CHANNEL)
    assert re.search(r"webhooks are subscribed", told)
