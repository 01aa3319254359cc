"""Replies as mails: in their thread, the same at every try, and nothing of what others wrote breaks out of its place."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.channels.mail.compose import (
    MAX_REFERENCES,
    Letter,
    answered,
    as_bytes,
    bounces_to,
    details,
    needs_utf8,
    notice,
    page,
    recipients,
    reply,
)
from custagent.channels.mail.gate import judge
from custagent.channels.mail.headers import readable
from custagent.channels.mail.model import Handling, Mailbox, Traffic
from custagent.channels.mail.parse import read
from custagent.channels.mail.threads import Threads
from custagent.core.document import Citation
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import Message, MessageKind, OutboundMessage, RepliedTo, Sender

THREADS = Threads(key=b"k" * 32, address="support@northwind.example")
LETTER = Letter(threads=THREADS, name="Northwind", signature="Northwind Ltd\nMain street 1")
AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
ID = "abcdefghijklmnopqrstuv"


def outbound(
    text: str = "It was shipped on Friday.",
    *,
    told: dict[str, str] | None = None,
    sender: Sender = Sender.AGENT,
    to: str = "anna@berg.example",
    **more: object,
) -> OutboundMessage:
    kind = MessageKind.ANSWER if sender is Sender.AGENT else MessageKind.PERSON
    fields = {"language": "en", **more}
    name, preface = str(fields.pop("author_name", "")), str(fields.pop("preface", ""))
    message = Message(conversation=ID, sender=sender, kind=kind, text=text, at=AT, **fields)
    details = {"subject": "AW: Spare part", "message-id": "last@berg.example"} if told is None else told
    before = RepliedTo(external_id="last@berg.example", sent_at=AT, details=details)
    return OutboundMessage(
        id=5, message=message, channel="mail", contact_key=to, replied_to=before, author_name=name, preface=preface
    )


def sent(made: OutboundMessage, letter: Letter = LETTER):
    """The mail as a mail program reads it, with modern policy."""
    return message_from_bytes(as_bytes(reply(made, letter)), policy=policy.default)


def test_a_reply_answers_in_its_thread() -> None:
    mail = sent(outbound(told={"subject": "Re: AW: Spare part", "message-id": "b@x", "references": "a@x b@x"}))
    assert mail["Subject"] == "Re: Spare part"
    assert mail["To"] == "anna@berg.example"
    assert mail["From"] == "Northwind <support@northwind.example>"
    assert mail["In-Reply-To"] == "<b@x>"
    assert mail["References"] == "<a@x> <b@x>"
    assert mail["Message-ID"] == f"<{THREADS.message_id(ID, 5)}>"
    assert mail["Date"].datetime == AT


def test_a_retry_is_the_same_mail() -> None:
    assert as_bytes(reply(outbound(), LETTER)) == as_bytes(reply(outbound(), LETTER))


def test_long_threads_are_cut_in_the_middle() -> None:
    ids = [f"{number}.{'x' * 40}@berg.example" for number in range(60)]
    mail = sent(outbound(told={"references": " ".join(ids), "message-id": "last@x"}))
    named = mail["References"].split()
    assert len(named) == MAX_REFERENCES
    assert named[0] == f"<{ids[0]}>"
    assert named[-2:] == [f"<{ids[-1]}>", "<last@x>"]


def test_an_automatic_reply_says_so_and_a_persons_does_not() -> None:
    mail = sent(outbound())
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"
    person = sent(outbound(sender=Sender.PERSON, author_name="Bo Lind"))
    assert person["Auto-Submitted"] is None
    assert person["X-Auto-Response-Suppress"] is None
    assert str(person["From"].addresses[0].display_name) == "Bo Lind – Northwind"


def test_our_own_mail_is_left_aside_when_it_comes_back() -> None:
    raw = as_bytes(reply(outbound(), LETTER)).replace(b"support@northwind.example>", b"list@groups.example>", 1)
    found = judge(read(raw), Mailbox(addresses=("support@northwind.example",)), THREADS, Traffic())
    assert found.handling is Handling.ASIDE


def test_the_text_is_said_twice_with_links_options_and_signature() -> None:
    cited = Citation(
        title="Shipping", source="https://n.example/", location="https://n.example/ship?a=1&b=2", quote="x"
    )
    secret = Citation(
        title="Internal", source="https://n.example/", location="https://n.example/secret", quote="x", private=True
    )
    mail = sent(
        outbound(
            "Which <one>?\nSee https://n.example/a.",
            options=("Blue", "Red"),
            citations=(cited, secret),
            preface="I am an AI.",
        )
    )
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert plain.startswith("I am an AI.\n\nWhich <one>?\nSee https://n.example/a.")
    assert "https://n.example/ship?a=1&b=2" in plain
    assert plain.rstrip().endswith("- Blue\n- Red\n\n-- \nNorthwind Ltd\nMain street 1")
    html = mail.get_body(("html",)).get_content().replace("\r\n", "\n")
    assert "Which &lt;one&gt;?<br>" in html
    assert '<a href="https://n.example/a">https://n.example/a</a>.' in html
    assert '<a href="https://n.example/ship?a=1&amp;b=2">' in html
    for body in (plain, html):
        assert "secret" not in body
        assert "Internal" not in body
    assert "<img" not in html


@pytest.mark.parametrize(
    ("language", "told"), [("ar", 'lang="ar" dir="rtl"'), ("de", 'lang="de" dir="ltr"'), ("", 'dir="auto"')]
)
def test_the_page_runs_as_its_language_does(language: str, told: str) -> None:
    assert f"<html {told}>" in page("Hello", language)


@given(st.text())
def test_nothing_of_a_text_is_markup(text: str) -> None:
    body = page(text, "en").partition("<body>")[2]
    left = body.replace("<p>", "").replace("</p>", "").replace("<br>", "").replace("</a>", "")
    while '<a href="http' in left:
        before, _, rest = left.partition('<a href="http')
        left = before + rest.partition('">')[2]
    assert left.replace("</body>", "").replace("</html>", "").count("<") == 0


def test_replies_lead_back_by_their_address_where_the_mailbox_takes_it() -> None:
    assert sent(outbound())["Reply-To"] is None
    assert bounces_to(outbound(), LETTER) == "support@northwind.example"
    plus = Letter(threads=THREADS, plus=True)
    assert sent(outbound(), plus)["Reply-To"] == THREADS.reply_address(ID)
    assert bounces_to(outbound(), plus) == THREADS.bounce_address(5)


def test_a_mail_that_starts_a_thread_has_a_subject_and_no_thread() -> None:
    made = OutboundMessage(id=5, message=outbound().message, channel="mail", contact_key="anna@berg.example")
    mail = sent(made, Letter(threads=THREADS, subject="Your conversation with Northwind"))
    assert mail["Subject"] == "Your conversation with Northwind"
    assert mail["References"] is None
    assert mail["In-Reply-To"] is None


@pytest.mark.parametrize(
    ("sender", "reply_to", "to"),
    [
        ("a@berg.example", "", "a@berg.example"),
        ("a@berg.example", "office@mail.berg.example", "office@mail.berg.example"),
        ("a@berg.co.uk", "b@berg.co.uk", "b@berg.co.uk"),
        ("a@berg.co.uk", "b@evil.co.uk", "a@berg.co.uk"),
        ("a@berg.example", "eve@evil.example", "a@berg.example"),
        ("noreply@forms.example", "a@berg.example", "a@berg.example"),
        ("noreply@forms.example", "", "noreply@forms.example"),
        ("a@gmail.com", "b@gmail.com", "a@gmail.com"),
        ("a@gmail.com", "A@gmail.com", "A@gmail.com"),
    ],
)
def test_a_reply_goes_to_the_senders_organisation_only(sender: str, reply_to: str, to: str) -> None:
    mail = read(f"From: {sender}\nReply-To: {reply_to}\nSubject: S\nMessage-ID: <1@x>\n\nHi".encode())
    assert answered(mail) == to
    assert recipients(reply(outbound(told=details(mail)), LETTER)) == (to,)


def test_copies_get_the_reply_only_where_it_is_set() -> None:
    mail = read(
        b"From: a@x.example\nCc: b@x.example, support+c1@Northwind.example, help@n.example\nSubject: S\nMessage-ID: <1@x>\n\nHi"
    )
    told = details(mail)
    assert recipients(reply(outbound(told=told), LETTER)) == ("a@x.example",)
    copied = Letter(threads=THREADS, copies=True, aliases=("help@n.example",))
    assert recipients(reply(outbound(told=told), copied)) == ("a@x.example", "b@x.example")


def test_an_address_that_was_masked_gives_way_to_the_contacts() -> None:
    assert recipients(reply(outbound(told={"to": "[card number]@x"}), LETTER)) == ("anna@berg.example",)


def test_no_address_is_a_permanent_fault() -> None:
    with pytest.raises(ChannelError) as raised:
        reply(outbound(to="unknown sender"), LETTER)
    assert raised.value.fault is SendFault.PERMANENT
    assert "unknown sender" in raised.value.message


def test_letters_beyond_ascii_are_asked_for_only_where_an_address_has_them() -> None:
    assert not needs_utf8(reply(outbound("Grüße"), Letter(threads=THREADS, name="Nordwind Süd")))
    mail = reply(outbound(to="jörg@bücher.example"), LETTER)
    assert needs_utf8(mail)
    assert "jörg@xn--bcher-kva.example" in as_bytes(mail).decode()
    assert as_bytes(reply(outbound("Grüße"), LETTER)).isascii()


def test_a_notice_says_that_a_program_sent_it() -> None:
    mail = notice(
        "bo@northwind.example", subject="Handoff\nBcc: x@y", text="Anna waits.", about="handoff 7", at=AT, letter=LETTER
    )
    read_again = message_from_bytes(as_bytes(mail), policy=policy.default)
    assert read_again["Auto-Submitted"] == "auto-generated"
    assert read_again["Subject"] == "Handoff Bcc: x@y"
    assert read_again["Bcc"] is None
    assert THREADS.is_ours(read_again["Message-ID"])


@pytest.mark.parametrize(
    "name",
    [
        'Berg, "Anna" (Ltd)',
        "back\\slash",
        "=?utf-8?q?no_word?=",
        "Süd, West & Co",
        "x" * 90,
        "a <b@c.example>",
        "Bo; Co:",
    ],
)
def test_names_arrive_as_they_were_written(name: str) -> None:
    raw = as_bytes(reply(outbound(), Letter(threads=THREADS, name=f"X {name}")))
    found = read(raw).sender
    assert found is not None
    assert (found.address, found.name) == ("support@northwind.example", f"X {readable(name)}")
    standard = message_from_bytes(raw, policy=policy.default)["From"].addresses
    assert [(one.addr_spec, one.display_name) for one in standard] == [(found.address, found.name)]


ANYTHING = st.text(max_size=200) | st.sampled_from(
    [
        "a\r\nBcc: eve@evil.example",
        "\n\n<script>",
        "a\rb",
        "=?utf-8?q?=0D=0ABcc=3A_eve?=",
        "\x00",
        "\u2028x",
        "x" * 1200,
        "é " * 300,
        '"',
        "\\",
    ]
)


@given(subject=ANYTHING, name=ANYTHING, author=ANYTHING, ids=ANYTHING, cc=ANYTHING, text=ANYTHING, signature=ANYTHING)
@settings(max_examples=100, deadline=None)
def test_nothing_breaks_out_of_its_place(
    *, subject: str, name: str, author: str, ids: str, cc: str, text: str, signature: str
) -> None:
    told = {"subject": subject, "references": ids, "message-id": ids, "cc": cc, "to": cc}
    letter = Letter(threads=THREADS, name=name, signature=signature, copies=True, plus=True, subject=subject)
    made = reply(outbound(text, told=told, sender=Sender.PERSON, author_name=author), letter)
    raw = as_bytes(made)
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    known = {b"date", b"from", b"to", b"cc", b"subject", b"message-id", b"reply-to", b"in-reply-to", b"references"}
    known |= {b"mime-version", b"content-type", b"content-language"}
    assert {line.partition(b":")[0].lower() for line in lines if not line.startswith(b" ")} <= known
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    parsed = message_from_bytes(raw, policy=policy.default)
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert parsed["Message-ID"] == f"<{THREADS.message_id(ID, 5)}>"
    own = read(raw)
    assert own.sender is not None
    assert own.sender.address == "support@northwind.example"
    assert {one.address for one in (*own.to, *own.cc)} == set(recipients(made))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Cn", "Co"]), max_size=120))
@settings(max_examples=60, deadline=None)
def test_subjects_and_names_arrive_as_they_were(text: str) -> None:
    shown = " ".join(text.split(" ")).strip()
    made = sent(outbound(told={"subject": f"Re: x{shown}"}), Letter(threads=THREADS, name=f"x{shown}"))
    wanted = " ".join(f"x{shown}".split())
    assert " ".join(str(made["Subject"]).split()) == f"Re: {wanted}"
    assert " ".join(read(made.as_bytes()).subject.split()) == f"Re: {wanted}"
