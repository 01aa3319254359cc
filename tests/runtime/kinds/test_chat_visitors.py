"""Visitors of the live chat as the workspace keeps them: who signs in, what was asked, files, a chat by mail."""

from __future__ import annotations

import asyncio
import smtplib
from typing import Any

import pytest

from custagent.channels.live_chat.identity import Customer
from custagent.core.errors import ChannelError
from custagent.core.message import InboundMessage
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.kinds.chat import LiveChats
from custagent.runtime.runner.runner import Runner

SECRET = "s" * 40
SETTINGS = """
    identity_secret: ${SITE_SECRET}
    attachments: true
    transcript: true
    ask: [{name: name}, {name: email}, {name: order-number, label: Order number}]
"""


@pytest.fixture
def runner(live, put, monkeypatch) -> Runner:
    monkeypatch.setenv("SITE_SECRET", SECRET)
    put(live.home.workspace_file, "    kind: live-chat\n", f"    kind: live-chat{SETTINGS}")
    apply_agents(live)
    return Runner(live)


@pytest.fixture
def chat(live, runner) -> Any:
    return LiveChats(live, runner)["website"]


def write(app: Any, chat: Any, text: str, number: int, key: str, **rest: Any) -> Any:
    message = InboundMessage(
        channel="website", external_id=f"{number}", contact_key=key, text=text, sent_at=app.clock.now(), **rest
    )
    return asyncio.run(chat.receive(message))


def texts(chat: Any, key: str) -> list[str]:
    return [one.text for one in asyncio.run(chat.messages_after(key, 0)) if one.sender == "contact"]


def test_what_a_visitor_wrote_is_the_customers_after_signing_in(live, chat) -> None:
    anna = Customer(id="c-7", name="Anna", email="anna@shop.example")
    key = chat.identities.key_of(anna)
    first = write(live, chat, "Before", 1, "k1")
    asyncio.run(chat.identified("k1", key, anna))
    second = write(live, chat, "After", 2, key, identities=anna.identities, contact_name="Anna")
    assert second.conversation.id == first.conversation.id
    assert second.conversation.contact.key == key
    assert texts(chat, key) == ["Before", "After"]
    assert texts(chat, "k1") == []
    # Nobody with a token of their own gets there, and another device does.
    asyncio.run(chat.identified("k2", key, anna))
    write(live, chat, "From my phone", 3, "k3")
    asyncio.run(chat.identified("k3", key, anna))
    assert texts(chat, key) == ["Before", "After", "From my phone"]
    assert texts(chat, "k3") == []


def test_an_address_that_nobody_proved_joins_nothing(live, chat) -> None:
    anna = Customer(id="c-7", email="anna@shop.example")
    key = chat.identities.key_of(anna)
    write(live, chat, "Mine", 1, key, identities=anna.identities)
    begun = write(live, chat, "I say that I am Anna", 2, "k1")
    asyncio.run(chat.introduced(begun, {"email": "anna@shop.example", "name": "Anna"}))
    assert texts(chat, "k1") == ["I say that I am Anna"]
    assert texts(chat, key) == ["Mine"]


def test_what_was_asked_stands_with_the_contact_and_before_people_once_and_masked(live, chat) -> None:
    begun = write(live, chat, "Hello", 1, "k1")
    answers = {"name": "Anna", "email": "anna@shop.example", "order-number": "4111 1111 1111 1111"}
    asyncio.run(chat.introduced(begun, answers))
    again = write(live, chat, "Hello", 1, "k1")
    asyncio.run(chat.introduced(again, answers))
    contact = live.store.conversations.conversation(begun.conversation.id).contact
    assert (contact.name, contact.email) == ("Anna", "anna@shop.example")
    [note] = live.store.notes.of(begun.conversation.id)
    assert note.text.startswith("Order number: ")
    assert "4111" not in note.text


def test_a_file_is_kept_and_comes_back(live, chat) -> None:
    kept = asyncio.run(chat.files.keep(b"%PDF-1.7 receipt", "receipt.pdf", "application/pdf"))
    assert (kept.name, kept.media_type, kept.error) == ("receipt.pdf", "application/pdf", "")
    begun = write(live, chat, "", 1, "k1", attachments=(kept,))
    [message] = asyncio.run(chat.messages_after("k1", 0))
    assert message.attachments == begun.message.attachments == (kept,)
    assert asyncio.run(chat.files.content(message.attachments[0])) == b"%PDF-1.7 receipt"
    live.home.files_folder.joinpath(kept.hash[:2], kept.hash).unlink()
    assert asyncio.run(chat.files.content(kept)) is None


def test_a_chat_by_mail_needs_a_mailbox(live, chat, runner, put) -> None:
    assert chat.send_transcript is None
    mail = (
        "  - {name: mail, kind: email, address: help@northwind.example, imap_host: '127.0.0.1:1',"
        " smtp_host: '127.0.0.1:1', username: help, password: '${MAIL}'}\n"
    )
    put(live.home.workspace_file, "users:", f"{mail}users:")
    apply_agents(live)
    chat = LiveChats(live, runner)["website"]
    assert chat.send_transcript is not None
    write(live, chat, "Hello", 1, "k1")
    # Nothing listens there: it is told, not lost without a word.
    with pytest.raises((ChannelError, smtplib.SMTPException)):
        asyncio.run(chat.send_transcript("k1", "anna@shop.example", "sv"))


def test_a_secret_that_is_not_set_is_told_by_the_check(live, put) -> None:
    from custagent.runtime.definitions.channels import check_channel

    put(live.home.workspace_file, "    kind: live-chat\n", "    kind: live-chat\n    identity_secret: ${NOWHERE}\n")
    apply_agents(live)
    live.__dict__.pop("workspace")
    steps = dict(check_channel(live, "website").steps)
    assert "NOWHERE" in steps["the identity secret can be used"]
