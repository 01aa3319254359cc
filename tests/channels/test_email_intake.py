"""What becomes of a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custagent.channels.email.imap import WHOLE, Fetched, Waiting
from custagent.channels.email.intake import Intake
from custagent.channels.hub import Hub
from custagent.channels.mail.model import Traffic
from custagent.channels.mail.threads import Threads
from custagent.channels.reception import Surroundings
from custagent.core.channel import EmailChannel
from custagent.core.conversation import Contact, Conversation, Status
from custagent.core.message import Attachment, DeliveryStatus, DeliveryUpdate, InboundMessage
from custagent.testing import FrozenClock

US, KIM = "support@northwind.example", "kim@example.org"
CLOCK = FrozenClock()
THREADS = Threads(key=b"key", address=US)
CHANNEL = EmailChannel(
    name="mail", kind="email", address=US, imap_host="i", smtp_host="s", username="u", password="${P}"
)
CONVERSATION = Conversation(
    id="A" * 22, channel="mail", contact=Contact(id=1, channel="mail", key=KIM), status=Status.PENDING,
    opened_at=CLOCK.now(), last_message_at=CLOCK.now(),
)  # fmt: skip


class Desk:
    """A Reception, and the rows that decide about a mail, in memory."""

    def __init__(self) -> None:
        self.around = Surroundings(
            hub=Hub(),
            clock=CLOCK,
            environ={},
            secrets=lambda _: ("x",),
            company=lambda: "Northwind",
            key=lambda: b"key",
        )
        #: What was written down together.
        self.piles: list[list[InboundMessage]] = []
        self.updates: list[DeliveryUpdate] = []
        self.conversations = {CONVERSATION.id: CONVERSATION}
        self.counted = Traffic()

    @property
    def messages(self) -> list[InboundMessage]:
        return [message for pile in self.piles for message in pile]

    async def receive_all(self, messages: Sequence[InboundMessage]) -> Sequence[object]:
        self.piles += [list(messages)] if messages else []
        return ()

    async def note(self, updates: Sequence[DeliveryUpdate]) -> None:
        self.updates += updates

    async def known(self, channel: str, external_ids: Collection[str]) -> Collection[str]:
        del channel
        return {message.external_id for message in self.messages} & set(external_ids)

    async def keep(self, content: bytes, *, name: str, media_type: str) -> Attachment:
        return Attachment(name=name, media_type=media_type, size=len(content), hash="kept")

    async def conversation_of(self, channel: str, external_ids: Sequence[str]) -> Conversation | None:
        del channel
        return next((CONVERSATION for one in self.messages if one.external_id in external_ids), None)

    async def conversation(self, id_: str) -> Conversation | None:
        return self.conversations.get(id_)

    async def traffic(self, channel: str, address: str, conversation: str) -> Traffic:
        del channel, address, conversation
        return self.counted


def fetched(
    text: str = "How long is the warranty?", *, sender: str = KIM, number: int = 1, days: float = 0, size: int = 0,
    subject: str = "Hello", **headers: str,
) -> Fetched:  # fmt: skip
    head = {"From": sender, "To": US, "Subject": subject, "Message-ID": f"<{number}@example.org>"}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (head | headers).items()]
    raw = "\r\n".join([f"Return-Path: <{sender}>", *lines, "", text, ""]).encode()
    at = CLOCK.now() - timedelta(days=days)
    return Fetched(waiting=Waiting(uid=number, size=size or len(raw), at=at), raw=raw)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def take(desk: Desk, *mails: Fetched, channel: EmailChannel = CHANNEL) -> list[InboundMessage]:
    asyncio.run(Intake(channel, desk, desk).take(mails))  # type: ignore[arg-type] # what mail needs of a Reception
    return desk.messages


def test_a_contacts_mail_is_a_message(desk):
    (message,) = take(desk, fetched(Cc="lee@example.org"))
    assert (message.channel, message.external_id, message.contact_key) == ("mail", "1@example.org", KIM)
    assert message.text == "Hello\n\nHow long is the warranty?"
    assert (message.thread, message.for_people, message.sent_at) == ("", "", CLOCK.now())
    assert message.reply_details["subject"] == "Hello"
    assert message.body_hash


def test_a_long_text_is_read_without_its_subject(desk):
    text = "I bought a bicycle from you in the spring, and I am very happy with it."
    assert take(desk, fetched(text, subject="My bicycle"))[0].text == text
    assert take(desk, fetched(text, subject="Can it swim?", number=2))[1].text == f"Can it swim?\n\n{text}"


def test_an_answer_goes_on_with_its_conversation(desk):
    ours = THREADS.message_id(CONVERSATION.id, 7)
    (message,) = take(desk, fetched("Thanks", In_Reply_To=f"<{ours}>"))
    # Of an answer the subject is ours.
    assert (message.thread, message.for_people, message.text) == (CONVERSATION.id, "", "Thanks")


def test_an_id_that_somebody_made_up_leads_nowhere(desk):
    ours = THREADS.message_id(CONVERSATION.id, 7)
    forged = ours.replace(ours[-30:-20], "aaaaaaaaaa")
    (message,) = take(desk, fetched(In_Reply_To=f"<{forged}>"))
    assert message.thread == ""


def test_another_sender_begins_a_conversation_for_people(desk):
    ours = THREADS.message_id(CONVERSATION.id, 7)
    (message,) = take(desk, fetched(sender="eve@example.net", In_Reply_To=f"<{ours}>"))
    assert (message.thread, message.for_people) == ("", "another sender")


def test_the_address_left_on_a_chat_is_no_other_sender(desk):
    contact = Contact(id=1, channel="website", key="hash", email=KIM)
    desk.conversations[CONVERSATION.id] = replace(CONVERSATION, channel="website", contact=contact)
    (message,) = take(desk, fetched(In_Reply_To=f"<{THREADS.message_id(CONVERSATION.id, 7)}>"))
    assert (message.thread, message.for_people) == (CONVERSATION.id, "")


def test_a_mail_that_answers_one_of_the_same_batch_waits_for_it(desk):
    second = fetched("And now?", number=2, In_Reply_To="<1@example.org>")
    assert [message.thread for message in take(desk, fetched(), second)] == ["", CONVERSATION.id]
    assert len(desk.piles) == 2


def test_a_mail_is_taken_once(desk):
    take(desk, fetched(), fetched())
    assert len(take(desk, fetched())) == 1


def test_what_is_old_is_for_people(desk):
    young, old = take(desk, fetched(days=2.9), fetched(number=2, days=3.1))
    assert (young.for_people, old.for_people) == ("", "old mail")


def test_what_is_too_large_is_for_people(desk):
    (message,) = take(desk, fetched(size=WHOLE + 1))
    assert message.for_people == "mail too large"


def test_too_many_replies_are_for_people(desk):
    desk.counted = Traffic(replies_in_day=2)
    assert take(desk, fetched(), channel=CHANNEL.model_copy(update={"replies_a_day": 3}))[-1].for_people == ""
    last = take(desk, fetched(number=2), channel=CHANNEL.model_copy(update={"replies_a_day": 2}))[-1]
    assert last.for_people == "too many replies"


def test_who_is_ignored_leaves_no_trace(desk, caplog):
    caplog.set_level("INFO")
    ignoring = CHANNEL.model_copy(update={"ignore": ("@example.org",)})
    assert take(desk, fetched(), channel=ignoring) == []
    assert "on the ignore list (1)" in caplog.text
    assert KIM not in caplog.text


def test_files_are_kept(desk):
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nSee this.\r\n--b\r\nContent-Type: application/pdf; name=bill.pdf\r\n"
        "Content-Disposition: attachment; filename=bill.pdf\r\n\r\n%PDF-1.4\r\n--b--"
    )
    (message,) = take(desk, fetched(body, MIME_Version="1.0", Content_Type="multipart/mixed; boundary=b"))
    assert [(file.name, file.hash) for file in message.attachments] == [("bill.pdf", "kept")]


@pytest.mark.parametrize(("action", "status"), [("failed", DeliveryStatus.FAILED), ("delayed", None)])
def test_reports_are_put_to_the_reply_that_they_are_about(desk, action, status):
    ours = THREADS.message_id(CONVERSATION.id, 7)
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822;{KIM}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{ours}>\r\n\r\n--b--"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    report = fetched(body, sender="mailer-daemon@mx.example", MIME_Version="1.0", Content_Type=kind)
    assert take(desk, report) == []
    assert [(one.outbound, one.receipt.status, one.receipt.external_id) for one in desk.updates] == (
        [(7, status, ours)] if status else []
    )


def test_times_are_those_of_our_server(desk):
    (message,) = take(desk, fetched(Date="Thu, 01 Jan 1970 00:00:00 +0000"))
    assert message.sent_at == CLOCK.now()
    assert message.sent_at > datetime(2000, 1, 1, tzinfo=UTC)
