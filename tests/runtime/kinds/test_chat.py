"""What the live chat's routes are told of the workspace."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict
from pathlib import Path

import pytest

from custagent.channels.live_chat.chat import Header, Holder
from custagent.config.agents import agent_path
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, UnknownName
from custagent.core.message import InboundMessage, MessageKind, Verdict
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.kinds.chat import LiveChats
from custagent.runtime.runner.runner import Runner

AGENT = Header(holder=Holder.AGENT, name="Northwind")
NOBODY = Header(holder=Holder.NOBODY)
PNG = b"\x89PNG\r\n\x1a\n and so on"
ANNA = Header(holder=Holder.PERSON, name="Anna Berg", initials_of="Anna Berg")


@pytest.fixture
def chats(live) -> LiveChats:
    return LiveChats(live, Runner(live))


@pytest.fixture
def chat(chats):
    return chats["website"]


@pytest.fixture
def hear(live, chat):
    """A contact writes; the conversation's id."""

    def write(key: str = "k1", number: int = 1) -> str:
        message = InboundMessage(
            channel="website", external_id=f"{key} {number}", contact_key=key, text="hello", sent_at=live.clock.now()
        )
        return asyncio.run(chat.receive(message)).conversation.id

    return write


@pytest.fixture
def turn(live, clients):
    """Commits a turn to the workspace's store."""
    clients.store, clients.clock = live.store, live.clock
    return clients.commit


def test_the_chats_are_those_that_are_applied(live, chats, put):
    assert list(chats) == ["website"]
    assert len(chats) == 1
    assert chats["website"].origins == ("https://www.northwind.example",)
    assert chats.get("elsewhere") is None
    put(live.home.workspace_file, "https://www.northwind.example", "https://shop.northwind.example")
    assert chats["website"].origins == ("https://www.northwind.example",)
    apply_agents(live)
    assert chats["website"].origins == ("https://shop.northwind.example",)


def test_a_channel_of_another_kind_is_no_chat(live, chats, put):
    mail = (
        "  - {name: mail, kind: email, address: help@northwind.example, imap_host: imap.northwind.example,"
        " smtp_host: smtp.northwind.example, username: help, password: '${MAIL}'}\n"
    )
    put(live.home.workspace_file, "users:", f"{mail}users:")
    apply_agents(live)
    assert list(chats) == ["website"]
    assert chats.get("mail") is None


def test_a_contact_sees_the_messages_of_all_their_conversations_and_nobody_elses(live, chat, hear, turn):
    first = hear()
    turn(first, MessageKind.ANSWER, status=Status.CLOSED)
    second = hear(number=2)
    hear("k2")
    messages = asyncio.run(chat.messages_after("k1", 0))
    assert [message.conversation for message in messages] == [first, first, second]
    assert list(asyncio.run(chat.messages_after("k1", messages[1].id))) == [messages[2]]
    assert asyncio.run(chat.messages_after("k3", 0)) == ()


def test_the_header_tells_who_has_the_conversation(chat, hear, turn):
    def header():
        return asyncio.run(chat.header("k1"))

    assert asyncio.run(chat.header("")) == AGENT
    assert header() == AGENT
    conversation = hear()
    assert header() == AGENT
    turn(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="team:support")
    assert header() == NOBODY
    turn(conversation, status=Status.OPEN, assignee="user:anna")
    assert header() == ANNA
    turn(conversation, status=Status.SNOOZED, assignee="user:anna")
    assert header() == ANNA
    turn(conversation, MessageKind.PERSON, status=Status.CLOSED, assignee="user:anna")
    # The next message begins a new conversation, and that is the agent's.
    assert header() == AGENT


def test_the_photo_stays_where_the_assignment_says_so(live, chat, hear, turn, put):
    put(
        agent_path(live.home, "support"),
        "- channel: website",
        "- channel: website\n    handoff: {update_avatar: false}",
    )
    apply_agents(live)
    turn(hear(), status=Status.OPEN, assignee="user:anna")
    header = asyncio.run(chat.header("k1"))
    assert asdict(header) == {"holder": "person", "name": "Anna Berg", "initials_of": "", "photo": ""}


class TestPhotos:
    @pytest.fixture
    def photo(self, live, put) -> Path:
        """Anna's, as her entry names it."""
        path = live.home.root / "photos" / "anna.png"
        path.parent.mkdir()
        path.write_bytes(PNG)
        put(live.home.workspace_file, "full_name: Anna Berg", "full_name: Anna Berg\n    photo: photos/anna.png")
        apply_agents(live)
        return path

    @pytest.fixture
    def taken(self, hear, turn, photo):  # noqa: ARG002 - she has one
        """Anna has the contact's conversation."""
        return lambda: turn(hear(), status=Status.OPEN, assignee="user:anna")

    def test_it_is_named_by_what_it_holds(self, chat, taken, photo):
        taken()
        name = asyncio.run(chat.header("k1")).photo
        assert name == f"{hashlib.sha256(PNG).hexdigest()[:32]}.png"
        assert asyncio.run(chat.photo(name)) == PNG
        photo.write_bytes(PNG + b"another")
        assert asyncio.run(chat.photo(name)) is None
        assert asyncio.run(chat.header("k1")).photo not in ("", name)

    @pytest.mark.parametrize("update_avatar", ["true", "false"])
    def test_it_stays_at_home_where_the_assignment_says_so(self, live, chat, taken, update_avatar):
        file = agent_path(live.home, "support")
        handoff = f"- channel: website\n    handoff: {{update_avatar: {update_avatar}}}"
        file.write_text(file.read_text(encoding="utf-8").replace("- channel: website", handoff), encoding="utf-8")
        apply_agents(live)
        taken()
        header = asyncio.run(chat.header("k1"))
        assert (header.name, bool(header.photo)) == ("Anna Berg", update_avatar == "true")

    @pytest.mark.usefixtures("photo")
    def test_the_agent_has_none_and_neither_has_a_queue(self, chat, hear, turn):
        conversation = hear()
        assert asyncio.run(chat.header("k1")).photo == ""
        turn(conversation, status=Status.OPEN, assignee="team:support")
        assert asyncio.run(chat.header("k1")).photo == ""

    @pytest.mark.parametrize("holds", [b"<svg onload=alert(1)>", PNG[:8] + bytes(200_000), None])
    def test_what_became_no_picture_is_not_shown(self, chat, taken, photo, holds):
        taken()
        photo.unlink()
        if holds is not None:
            photo.write_bytes(holds)
            assert asyncio.run(chat.photo(f"{hashlib.sha256(holds).hexdigest()[:32]}.png")) is None
        assert asyncio.run(chat.header("k1")) == ANNA

    def test_no_link_leads_elsewhere(self, chat, taken, photo, tmp_path_factory):
        outside = tmp_path_factory.mktemp("outside") / "secret.png"
        outside.write_bytes(PNG)
        photo.unlink()
        photo.symlink_to(outside)
        taken()
        assert asyncio.run(chat.header("k1")).photo == ""
        assert asyncio.run(chat.photo(f"{hashlib.sha256(PNG).hexdigest()[:32]}.png")) is None

    def test_nothing_else_of_the_workspace_can_be_had(self, chat, photo):
        other = photo.with_name("plan.png")
        other.write_bytes(PNG + b"of nobody")
        hashed = f"{hashlib.sha256(other.read_bytes()).hexdigest()[:32]}.png"
        for name in (hashed, "anna.png", "photos/anna.png", "../custagent.yaml", "custagent.yaml", ""):
            assert asyncio.run(chat.photo(name)) is None


def test_without_an_agent_nobody_has_it(live, chat, put):
    put(agent_path(live.home, "support"), "assignments:\n  - channel: website\n", "")
    apply_agents(live)
    assert asyncio.run(chat.header("k1")) == NOBODY
    hello = asyncio.run(chat.hello(["sv"]))
    assert (hello.agent, hello.company, hello.greeting, hello.disclosure) == ("", "Northwind", "", "")


@pytest.mark.parametrize(
    ("languages", "language", "word"), [(["sv", "en"], "sv", "Hej"), (["xx"], "en", "Hello"), ([], "en", "Hello")]
)
def test_the_greeting_is_in_the_browsers_language_and_says_that_an_ai_answers(chat, languages, language, word):
    hello = asyncio.run(chat.hello(languages))
    assert (hello.agent, hello.company, hello.language) == ("Northwind", "Northwind", language)
    assert hello.greeting.startswith(word)
    assert "AI" in hello.disclosure


def test_who_falls_outside_the_agents_share_is_told_from_the_start(live, chat, put):
    put(agent_path(live.home, "support"), "- channel: website", "- channel: website\n    share: 50")
    apply_agents(live)
    headers = {key: asyncio.run(chat.header(key)) for key in map(str, range(40))}
    assert set(map(repr, headers.values())) == {repr(AGENT), repr(NOBODY)}
    for number, (key, header) in enumerate(headers.items()):
        message = InboundMessage(
            channel="website", external_id=f"{number}", contact_key=key, text="hello", sent_at=live.clock.now()
        )
        taken = asyncio.run(chat.receive(message)).conversation.status is Status.PENDING
        assert taken == (header == AGENT)
        assert asyncio.run(chat.header(key)) == header
    # Of somebody who has not asked yet, nothing is known.
    assert asyncio.run(chat.header("")) == AGENT


def test_an_agent_that_may_not_answer_greets_nobody(live, chat, put):
    hours = "hours: outside-team-hours\n    handoff: {mode: transfer, to: [team:support]}"
    put(agent_path(live.home, "support"), "- channel: website", f"- channel: website\n    {hours}")
    put(live.home.workspace_file, "members: [anna]", "members: [anna]\n    hours: {mon-sun: '00:00-24:00'}")
    apply_agents(live)
    assert asyncio.run(chat.header("")) == NOBODY
    assert asyncio.run(chat.hello(["en"])).disclosure == ""


def test_people_have_names(chat):
    assert chat.person_name("anna") == "Anna Berg"
    assert chat.person_name("gone") == "gone"


def test_an_email_address_is_kept_with_the_contact(live, chat, hear):
    conversation = hear()
    asyncio.run(chat.leave_email("k1", "kim@example.com"))
    assert live.store.conversations.conversation(conversation).contact.email == "kim@example.com"
    # Of somebody who has said nothing there is nothing to answer.
    asyncio.run(chat.leave_email("k9", "kim@example.com"))


def test_thumbs_are_kept_for_the_contacts_own_replies(live, chat, hear, turn):
    conversation = hear("k1")
    other = hear("k2")
    turn(conversation, MessageKind.DISCLOSURE, MessageKind.ANSWER)
    _, disclosure, answer = live.store.conversations.messages(conversation)
    asyncio.run(chat.feedback.give("k1", answer.id, Verdict.UP))
    asyncio.run(chat.feedback.give("k1", answer.id, Verdict.DOWN))
    assert asyncio.run(chat.feedback.given("k1")) == {answer.id: Verdict.DOWN}
    assert live.store.feedback.verdicts(conversation) == {answer.id: Verdict.DOWN}
    for key, message in (("k2", answer.id), ("k1", disclosure.id), ("k1", 99)):
        with pytest.raises(UnknownName):
            asyncio.run(chat.feedback.give(key, message, Verdict.UP))
    assert asyncio.run(chat.feedback.given("k2")) == live.store.feedback.verdicts(other) == {}


def test_a_runner_that_was_replaced_keeps_no_thumbs(live, chat, hear, turn, clients):
    conversation = hear("k1")
    turn(conversation, MessageKind.ANSWER)
    clients.take_over()
    answer = live.store.conversations.messages(conversation)[-1]
    with pytest.raises(LeaseHeld):
        asyncio.run(chat.feedback.give("k1", answer.id, Verdict.UP))
    assert live.store.feedback.verdicts(conversation) == {}
