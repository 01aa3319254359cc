"""A page's replies, its connection and its files, against the double of Meta."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custagent.channels.hub import Hub
from custagent.channels.messenger.adapter import MessengerAdapter, MessengerKind
from custagent.channels.messenger.content import OPTION
from custagent.channels.messenger.page import FIELDS
from custagent.channels.messenger.replies import MOST_OPTIONS, bodies, quick_replies
from custagent.channels.messenger.words import REFERENCE
from custagent.channels.reception import Surroundings
from custagent.config.secrets import resolve_all
from custagent.core.channel import MessengerChannel, WhatsAppChannel
from custagent.core.document import Citation
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    Message,
    MessageKind,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.testing.messenger import FakeMessenger, PageAccount
from custagent.testing.messenger_words import PAGE_INBOX
from custagent.testing.meta_transport import Fault, Habits

PSID = "7301945526610482"
HOUR = 3600.0


class Now:
    """The machine's clock: the double goes by it too."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def meta() -> Iterator[FakeMessenger]:
    with FakeMessenger(habits=Habits(statuses=())) as provider:
        provider.write(PSID, "How long is the warranty?", heard=False)
        yield provider


def channel_of(meta: FakeMessenger, **settings: str) -> MessengerChannel:
    given = {
        "page_id": meta.account.page_id, "app_id": meta.account.app_id, "graph_base_url": meta.address,
        "access_token": "${MESSENGER_TOKEN}", "app_secret": "${MESSENGER_SECRET}", "verify_token": "${MESSENGER_VERIFY}",
    }  # fmt: skip
    return MessengerChannel(name="page", kind="messenger", **(given | settings))


def around(environment: Mapping[str, str]) -> Surroundings:
    return Surroundings(
        hub=Hub(), clock=Now(), environ=environment, secrets=lambda name: resolve_all(name, environment)
    )


def adapter_of(meta: FakeMessenger, environment: Mapping[str, str] | None = None, **settings: str) -> MessengerAdapter:
    return MessengerAdapter(channel_of(meta, **settings), around(environment or meta.environment))


@pytest.fixture
def adapter(meta: FakeMessenger) -> MessengerAdapter:
    return adapter_of(meta)


def outbound(text: str = "Two years 😀.", *, ago: float = 0.0, **message: Any) -> OutboundMessage:
    now = datetime.now(UTC)
    said = {"sender": Sender.AGENT, "kind": MessageKind.ANSWER} | message
    return OutboundMessage(
        id=7, message=Message(id=70, conversation="c", text=text, at=now, **said), channel="page", contact_key=PSID,
        replied_to=RepliedTo(external_id="m_1", sent_at=now - timedelta(seconds=ago)),
    )  # fmt: skip


def send(adapter: MessengerAdapter, reply: OutboundMessage) -> DeliveryReceipt:
    return asyncio.run(adapter.send(reply))


def refused(adapter: MessengerAdapter, reply: OutboundMessage) -> ChannelError:
    with pytest.raises(ChannelError) as raised:
        send(adapter, reply)
    return raised.value


def test_a_reply_goes_out_with_the_row_that_it_is(meta, adapter):
    receipt = send(adapter, outbound())
    (reply,) = meta.replies
    assert (reply.to, reply.text) == (PSID, "Two years 😀.")
    assert receipt == DeliveryReceipt(status=DeliveryStatus.SENT, external_id=reply.id)
    assert (reply.reference, reply.part) == ("7", "0")
    assert REFERENCE.fullmatch(reply.body["message"]["metadata"])
    assert reply.body["messaging_type"] == "RESPONSE"
    assert "quick_replies" not in reply.body["message"]
    assert not adapter.idempotent


def test_its_sources_stand_below_it(meta, adapter):
    page = Citation(title="Warranty", source="s", location="https://northwind.example/warranty", quote="q")
    send(adapter, outbound(citations=(page,)))
    assert meta.replies[0].text.endswith("\n\nhttps://northwind.example/warranty")


def test_a_long_reply_goes_in_pieces_and_goes_on_where_it_stopped(meta, adapter):
    text = "\n\n".join(f"{number} " + "Long. " * 300 for number in range(3))
    meta.disturb(Fault.FAIL)
    assert refused(adapter, outbound(text)).parts_sent == 0
    send(adapter, outbound(text))
    assert [(reply.reference, reply.part) for reply in meta.replies] == [("7", "0"), ("7", "1"), ("7", "2")]
    more = [REFERENCE.fullmatch(reply.body["message"]["metadata"])[3] for reply in meta.replies]
    assert more == ["+", "+", None], "the echo tells whether it was the last"
    assert "".join("".join(reply.text for reply in meta.replies).split()) == "".join(text.split())
    receipt = send(adapter, replace(outbound(text), parts_sent=2))
    assert (len(meta.replies), meta.replies[3].id) == (4, receipt.external_id)
    assert meta.replies[3].part == "2"


def test_a_fault_in_the_middle_tells_how_far_it_came(meta, adapter):
    text = "\n\n".join("Long. " * 300 for _ in range(2))

    meta.disturb(Fault.FAIL, after=1)
    error = refused(adapter, outbound(text))
    assert (error.parts_sent, error.fault, len(meta.replies)) == (1, SendFault.RETRY, 1)


def test_options_are_buttons_that_carry_all_their_words(meta, adapter):
    options = ("winter storage of bicycles", "repairs")
    send(adapter, outbound("Do you mean one of these?", kind=MessageKind.CLARIFY, options=options))
    assert meta.replies[0].buttons == {
        "winter storage of b…": f"{OPTION}winter storage of bicycles", "repairs": f"{OPTION}repairs",
    }  # fmt: skip


def test_options_that_look_alike_are_numbered_and_too_many_are_left_to_the_text():
    alike = quick_replies(["winter storage of bicycles", "winter storage of boats"])
    assert [one["title"] for one in alike] == ["1. winter storage o…", "2. winter storage o…"]
    assert quick_replies([f"option {number}" for number in range(MOST_OPTIONS + 1)]) == []
    assert quick_replies(()) == []
    assert len(quick_replies(["x" * 2000])[0]["payload"]) == 1000


def test_what_people_write_goes_out_for_seven_days_and_the_agents_words_for_one(meta, adapter):
    meta.age(PSID, 30 * HOUR)
    assert refused(adapter, outbound(ago=30 * HOUR)).fault is SendFault.WINDOW_CLOSED
    assert meta.replies == [], "it is not even tried"
    person = {"sender": Sender.PERSON, "kind": MessageKind.PERSON}
    send(adapter, outbound("Anna here.", ago=30 * HOUR, **person))
    assert (meta.replies[0].body["messaging_type"], meta.replies[0].body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    assert refused(adapter, outbound(ago=8 * 24 * HOUR, **person)).fault is SendFault.WINDOW_CLOSED
    send_within = bodies(outbound(ago=23 * HOUR, **person), now=datetime.now(UTC))
    assert "tag" not in send_within[0]


def test_it_quotes_what_it_replies_to_where_newer_messages_wait(meta, adapter):
    text = "\n\n".join("Long. " * 300 for _ in range(2))
    send(adapter, outbound(text))
    reply = outbound(text)
    send(adapter, replace(reply, replied_to=replace(reply.replied_to, newer=True)))
    assert ["reply_to" in one.body for one in meta.replies] == [False, False, True, False]
    assert meta.replies[2].body["reply_to"] == {"mid": "m_1"}
    pressed = replace(reply.replied_to, newer=True, external_id="postback:1")
    assert "reply_to" not in bodies(replace(reply, replied_to=pressed), now=datetime.now(UTC))[0]


def test_a_window_that_is_closed_at_metas_is_closed(meta, adapter):
    meta.age(PSID, 25 * HOUR)
    error = refused(adapter, outbound())
    assert error.fault is SendFault.WINDOW_CLOSED
    assert "24 hours" in error.message


def test_what_has_no_text_is_not_sent(adapter):
    assert refused(adapter, outbound("  ")).fault is SendFault.PERMANENT


@pytest.mark.parametrize(
    ("fault", "follows", "after"),
    [
        (Fault.FAIL, SendFault.RETRY, 0.0),
        (Fault.SLOW_DOWN, SendFault.SLOW_CHANNEL, 1.0),
        (Fault.REFUSE, SendFault.PERMANENT, 0.0),
        # It may have been taken: its echo comes first, if it was.
        (Fault.DROP, SendFault.RETRY, 60.0),
    ],
)
def test_what_a_fault_means(meta, adapter, fault, follows, after):
    meta.disturb(fault)
    error = refused(adapter, outbound())
    assert (error.fault, error.retry_after) == (follows, after)
    assert "page" in error.message or "127.0.0.1" in error.message


def test_a_thread_in_another_apps_hands_is_told_in_plain_words(meta, adapter):
    meta.give_to(PSID, PAGE_INBOX)
    error = refused(adapter, outbound())
    assert error.fault is SendFault.PERMANENT
    assert "another app of the page" in error.message


def test_nobody_of_that_name(meta, adapter):
    error = refused(adapter, replace(outbound(), contact_key="1"))
    assert error.fault is SendFault.PERMANENT
    assert "does not know this contact" in error.message


def test_a_token_that_is_not_taken_stops_the_channel(meta):
    error = refused(adapter_of(meta, {**meta.environment, "MESSENGER_TOKEN": "old"}), outbound())
    assert error.fault is SendFault.CHANNEL_OUT
    missing = {name: value for name, value in meta.environment.items() if name != "MESSENGER_TOKEN"}
    error = refused(adapter_of(meta, missing), outbound())
    assert error.fault is SendFault.CHANNEL_OUT
    assert "MESSENGER_TOKEN" in error.message


def test_an_app_that_wants_a_proof_gets_one():
    with FakeMessenger(account=PageAccount(require_proof=True), habits=Habits(statuses=())) as meta:
        meta.write(PSID, "hello", heard=False)
        send(adapter_of(meta), outbound())
        assert len(meta.replies) == 1
        error = refused(adapter_of(meta, {**meta.environment, "MESSENGER_SECRET": "another"}), outbound())
        assert "appsecret_proof" in error.message


def test_the_contact_sees_that_it_is_read_and_answered(meta, adapter):
    asyncio.run(adapter.working(PSID, outbound().replied_to))
    assert meta.actions == [(PSID, "mark_seen"), (PSID, "typing_on")]


def test_a_file_is_fetched_from_where_meta_keeps_files_only(meta, adapter):
    meta.files["/files/lamp.png"] = b"\x89PNG"
    assert (
        asyncio.run(adapter.fetch(Attachment(name="lamp.png", reference=f"{meta.address}/files/lamp.png")))
        == b"\x89PNG"
    )
    port = meta.address.rpartition(":")[2]
    for address in [
        f"http://localhost:{port}/files/lamp.png", f"http://a:b@127.0.0.1:{port}/files/lamp.png", "https://fbcdn.net.example/a",
        "http://cdn.fbsbx.com/a", "https://cdn.fbsbx.com:8443/a", "https://[/a", "file:///etc/passwd", "",
    ]:  # fmt: skip
        with pytest.raises(ChannelError) as raised:
            asyncio.run(adapter.fetch(Attachment(name="x", reference=address)))
        assert raised.value.fault is SendFault.PERMANENT, address
    page = adapter._page
    assert page._is_metas("https://scontent-arn2-1.xx.fbcdn.net/v/a.jpg?x=1")
    assert page._is_metas("https://lookaside.fbsbx.com/a")


def test_a_file_that_is_gone_is_gone(meta, adapter):
    with pytest.raises(ChannelError) as raised:
        asyncio.run(adapter.fetch(Attachment(name="x", reference=f"{meta.address}/v25.0/files/gone.png")))
    assert raised.value.fault is SendFault.PERMANENT


def faults(adapter: MessengerAdapter) -> dict[str, str]:
    return dict(asyncio.run(adapter.check()))


def test_the_connection_is_checked_and_the_page_subscribed(meta, adapter):
    steps = faults(adapter)
    assert set(steps.values()) == {""}, steps
    assert set(meta.subscribed[meta.account.app_id]) == set(FIELDS)
    assert list(steps)[-1].startswith("advice: ")
    assert str(PAGE_INBOX) not in list(steps)[-1]
    meta.subscribed[str(PAGE_INBOX)] = ["messages"]
    assert str(PAGE_INBOX) in list(faults(adapter))[-1]
    assert meta.subscriptions == 1, "what is there already is left alone"


def test_what_is_wrong_with_the_connection_says_what_to_do(meta):
    missing = {name: value for name, value in meta.environment.items() if name != "MESSENGER_VERIFY"}
    assert "MESSENGER_VERIFY" in faults(adapter_of(meta, missing))["its secrets are set"]
    old = faults(adapter_of(meta, {**meta.environment, "MESSENGER_TOKEN": "old"}))
    assert "make a new one" in old["the access token is the page's"]
    assert "104862911483190" in faults(adapter_of(meta, page_id="5"))["the access token is the page's"]
    assert "Invalid OAuth access token" in faults(adapter_of(meta, app_id="5"))["Meta answers"]
    meta.callback_url = ""
    assert "/webhooks/messenger" in faults(adapter_of(meta))["Meta knows where to bring messages"]
    meta.callback_url = "https://chat.northwind.example/webhooks/whatsapp"
    assert "Meta brings messages to" in faults(adapter_of(meta))["Meta knows where to bring messages"]


def test_permissions_that_are_missing_are_named():
    with FakeMessenger(account=PageAccount(scopes=("pages_messaging",))) as meta:
        told = faults(adapter_of(meta))["it may read and answer messages"]
    assert told.startswith("pages_manage_metadata is missing")


def test_a_provider_that_is_away_is_told(meta):
    told = faults(adapter_of(meta, graph_base_url="http://127.0.0.1:9"))["Meta answers"]
    assert "cannot be reached" in told


def test_the_kind_knows_what_to_do_at_metas(meta):
    kind = MessengerKind()
    told = "\n".join(kind.guide(channel_of(meta), "https://chat.northwind.example"))
    assert "https://chat.northwind.example/webhooks/messenger" in told
    assert "${MESSENGER_VERIFY}" in told
    phone = WhatsAppChannel(
        name="phone", kind="whatsapp", phone_number_id="1", access_token="${A}", app_secret="${B}", verify_token="${C}"
    )
    with pytest.raises(TypeError):
        kind.adapter(phone, around({}))
    assert kind.adapter(channel_of(meta), around({})).name == "page"
