"""A conversation as a page of Markdown, for people who read it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from custagent.core.document import Citation, numbered
from custagent.core.message import Message, Sender
from custagent.runtime.inbox.attachments import told_of
from custagent.runtime.inbox.conversations import ConversationRecord

#: What Markdown or HTML would obey, wherever it stands, and what it would obey at the beginning of a line.
_ANYWHERE = re.compile(r"([\\`*_\[\]<>|~])")
_LEADING = re.compile(r"(?m)^(\s*)([#+=-]|\d+(?=[.)]))")
#: Text from people must not be able to move a cursor where the page is shown in a terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def markdown(record: ConversationRecord) -> str:
    """The whole conversation: who, when, what was said, and what each answer rests on. Times are UTC.

    What people wrote is shown letter for letter: nothing in it is taken for Markdown.
    """
    return "\n".join([*_head(record), *_messages(record), ""])


def _head(record: ConversationRecord) -> Iterator[str]:
    conversation, contact = record.conversation, record.conversation.contact
    facts = {
        "Channel": conversation.channel,
        "Contact": ", ".join(part for part in (contact.name, contact.email) if part) or f"number {contact.id}",
        "Status": conversation.status.value,
        "Agent": conversation.agent,
        "Assignee": conversation.assignee,
        "Opened": f"{conversation.opened_at:%Y-%m-%d %H:%M} UTC",
        "Closed": f"{conversation.closed_at:%Y-%m-%d %H:%M} UTC" if conversation.closed_at else "",
        "Outcome": conversation.outcome.value if conversation.outcome else "",
        "Credits": str(-sum(entry.amount for entry in record.credit_entries)),
    }
    yield f"# Conversation {conversation.id}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield from (f"| {label} | {_plain(value)} |" for label, value in facts.items() if value)


def _messages(record: ConversationRecord) -> Iterator[str]:
    day = ""
    for message in record.messages:
        if f"{message.at:%Y-%m-%d}" != day:
            day = f"{message.at:%Y-%m-%d}"
            yield ""
            yield f"## {day}"
        yield ""
        yield f"**{message.at:%H:%M} {_name(message, record)}**{_told(message, record)}"
        yield ""
        yield from (f"> {line}".rstrip() for line in _plain(message.text).split("\n"))
        for attachment in message.attachments:
            told = told_of(attachment)
            yield f"> *attached: {_plain(attachment.name)}{f' ({_plain(told)})' if told else ''}*"
        if message.citations:
            yield ""
            yield from (f"{number}. {_source(each)}" for number, each in dict(numbered(message.citations)).items())


def _name(message: Message, record: ConversationRecord) -> str:
    if message.sender is Sender.CONTACT:
        return _plain(record.conversation.contact.name) or "Contact"
    return "Agent (AI)" if message.sender is Sender.AGENT else _plain(message.author) or "Somebody outside custagent"


def _told(message: Message, record: ConversationRecord) -> str:
    told = [message.kind.value] if message.sender is Sender.AGENT else []
    told += [f"confidence {message.confidence:.2f}"] if message.confidence is not None else []
    delivery = record.deliveries.get(message.id)
    told += [delivery.value] if delivery else []
    return f" ({', '.join(told)})" if told else ""


def _source(citation: Citation) -> str:
    title = _plain(" > ".join(part for part in (citation.title, citation.heading) if part).replace("\n", " "))
    if citation.link.startswith(("http://", "https://")):
        where = f"[{title}](<{citation.link.replace('>', '%3E').replace('<', '%3C')}>)"
    else:
        where = f"{title}: {_plain(citation.link)}"
    return f"{where} (private: the contact saw no source)" if citation.private else where


def _plain(text: str) -> str:
    """The text so that Markdown shows just its letters."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    text = _ANYWHERE.sub(r"\\\1", text.replace("&", "&amp;"))
    return _LEADING.sub(lambda found: f"{found[1]}{_escaped(found[2])}", text)


def _escaped(sign: str) -> str:
    # A number that begins a list is broken by its dot, not by a backslash before a digit.
    return f"{sign}\u200b" if sign.isdigit() else f"\\{sign}"
