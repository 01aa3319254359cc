"""A transcript says who said what and when, and shows letter for letter what people wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from custagent.core.conversation import Contact, Conversation, Outcome, Status
from custagent.core.credit import CreditEntry, CreditKind
from custagent.core.document import Citation
from custagent.core.message import Attachment, DeliveryStatus, Message, MessageKind, Sender
from custagent.runtime.inbox.conversations import ConversationRecord
from custagent.runtime.inbox.transcripts import markdown

THEN = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
Record = Callable[..., ConversationRecord]
PAGE = """\
# Conversation k2Hq9

| | |
| --- | --- |
| Channel | web |
| Contact | Ada, ada@example.org |
| Status | closed |
| Agent | support |
| Opened | 2026-11-18 12:30 UTC |
| Closed | 2026-11-18 12:30 UTC |
| Outcome | answered |
| Credits | 100 |

## 2026-11-18

**12:30 Ada**

> How long?
> *attached: a\\_b.png*

**12:30 Agent (AI)** (answer, confidence 0.91, sent)

> Thirty days.
> Keep the receipt.

1. [Returns \\> How](<https://a.example/r#h>)
2. Returns \\> How: content/r.md#h (private: the contact saw no source)

## 2026-11-19

**12:30 anna**

> Hello
"""


def said(text: str, **given: object) -> Message:
    usual = {"id": 1, "conversation": "c", "sender": Sender.CONTACT, "kind": MessageKind.INBOUND, "at": THEN}
    return Message(text=text, **(usual | given))  # type: ignore[arg-type] # the keys are those of Message


@pytest.fixture
def record() -> Record:
    def make(*messages: Message) -> ConversationRecord:
        conversation = Conversation(
            id="k2Hq9", channel="web", contact=Contact(id=7, channel="web", key="k", name="Ada", email="ada@example.org"),
            status=Status.CLOSED, agent="support", opened_at=THEN, last_message_at=THEN, closed_at=THEN,
            outcome=Outcome.ANSWERED,
        )  # fmt: skip
        charge = CreditEntry(
            id=1, key="k", kind=CreditKind.CHARGE, amount=-100, conversation="c", policy="p", at=THEN,
            previous_hash="", hash="h",
        )  # fmt: skip
        return ConversationRecord(
            conversation=conversation, messages=messages, deliveries={2: DeliveryStatus.SENT}, credit_entries=(charge,)
        )

    return make


def test_the_whole_page(record: Record) -> None:
    citation = Citation(
        title="Returns", source="s", location="https://a.example/r", quote="30", heading="How", anchor="h"
    )
    answer = said(
        "Thirty days.\nKeep the receipt.", id=2, sender=Sender.AGENT, kind=MessageKind.ANSWER, confidence=0.914,
        citations=(citation, replace(citation, location="content/r.md", private=True)),
    )  # fmt: skip
    person = said("Hello", id=3, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna", at=THEN.replace(day=19))
    asked = said("How long?", attachments=(Attachment(name="a_b.png"),))
    assert markdown(record(asked, answer, person)) == PAGE


@pytest.mark.parametrize(
    "text",
    [
        "# no heading", "- no list", "+ no list", "1. no list", "2) no list", "> no quote", "*no* _style_ `code` ~~x~~",
        "[no link](https://evil.example)", "<script>alert(1)</script>", "&lt;b&gt; stays", "a | b", "===", "---", "\\*",
        "two\nlines\n\nand a gap", "![x](y)", "<https://evil.example>",
    ],
)  # fmt: skip
def test_nothing_that_a_contact_writes_is_taken_for_markdown(record: Record, text: str) -> None:
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(record(said(text))))
    quoted = [token for token in page if token.type == "inline"][-len(text.split("\n\n")) :]
    shown = "\n\n".join(
        "".join("\n" if child.type == "softbreak" else child.content for child in token.children or ())
        for token in quoted
    )
    assert shown.replace("\u200b", "") == text
    kinds = {child.type for token in quoted for child in token.children or ()}
    assert kinds <= {"text", "softbreak", "text_special"}


def test_what_a_terminal_would_obey_is_made_visible(record: Record) -> None:
    page = markdown(record(said("x\x1b[2Jy")))
    assert "\x1b" not in page
    assert "x\N{REPLACEMENT CHARACTER}\\[2Jy" in page
