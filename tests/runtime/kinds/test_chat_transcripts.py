"""A chat as a mail: what the visitor saw, in order, with the days of their time zone; nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from custagent.core.document import Citation
from custagent.core.message import Attachment, Message, MessageKind, Sender
from custagent.runtime.kinds.chat_transcripts import subject, text, words_of

LATE = datetime(2026, 3, 1, 22, 55, tzinfo=UTC)


def said(sender: Sender, words: str, kind: MessageKind = MessageKind.ANSWER, **rest: object) -> Message:
    return Message(conversation="c1", sender=sender, kind=kind, text=words, at=LATE, **rest)


def test_each_message_has_its_time_and_name() -> None:
    page = Citation(title="Returns", source="s", location="https://help.example/returns", quote="q")
    secret = Citation(title="Staff only", source="s", location="https://help.example/staff", quote="q", private=True)
    receipt = Attachment(name="receipt.pdf", hash="0" * 64)
    told = text(
        [
            said(Sender.CONTACT, "Can I return it?", MessageKind.INBOUND, attachments=(receipt,)),
            said(Sender.AGENT, "Yes.", citations=(page, secret), reason="grounded", evidence='{"signals": 1}'),
            said(Sender.AGENT, "Which bike?", MessageKind.CLARIFY, options=("E-bikes",)),
            said(Sender.PERSON, "Hej!", MessageKind.PERSON, author="anna"),
        ],
        company="Northwind",
        words=words_of("en", "sv"),
        person_name={"anna": "Anna Berg"}.__getitem__,
        zone=ZoneInfo("Europe/Stockholm"),
    )
    assert told == (
        "2026-03-01\n\n23:55  You\nCan I return it?\n[receipt.pdf]\n\n"
        "23:55  Northwind (AI)\nYes.\nReturns: https://help.example/returns\n\n"
        "23:55  Northwind (AI)\nWhich bike?\n- E-bikes\n\n23:55  Anna Berg\nHej!\n"
    )
    assert "Staff only" not in told


def test_it_is_in_the_visitors_language_or_the_companys() -> None:
    assert subject("Northwind", words_of("de", "sv")) == "Chat mit Northwind"
    assert words_of("xx", "sv").language == "sv"
    assert words_of("", "xx").language == "en"
