"""Messages as rows, and the provider's side of those that came in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from custagent.core.document import Citation
from custagent.core.message import Attachment, InboundMessage, Message, MessageKind, Sender
from custagent.store.database.moments import from_text, to_text

_FIELDS = (
    "conversation, sender, kind, text, at, language, author, options, attachments, citations, decision, reason,"
    " confidence, agent_version, index_generation, evidence"
)
_INSERT = f"INSERT INTO messages ({_FIELDS}) VALUES ({', '.join('?' * len(_FIELDS.split(',')))})"  # noqa: S608 - constants of this file
#: For `message_of`, wherever messages are read.
MESSAGE_COLUMNS = ", ".join(f"messages.{name.strip()}" for name in f"id, {_FIELDS}, edited_at".split(","))


def message_of(row: Sequence[Any]) -> Message:
    """The value of a row of MESSAGE_COLUMNS."""
    return Message(
        id=row[0],
        conversation=row[1],
        sender=Sender(row[2]),
        kind=MessageKind(row[3]),
        text=row[4],
        at=from_text(row[5]),
        language=row[6],
        author=row[7],
        options=tuple(json.loads(row[8])),
        attachments=tuple(Attachment(**each) for each in json.loads(row[9])),
        citations=tuple(Citation(**each) for each in json.loads(row[10])),
        decision=row[11],
        reason=row[12],
        confidence=row[13],
        agent_version=row[14],
        index_generation=row[15],
        evidence=row[16],
        edited_at=from_text(row[17]) if row[17] else None,
    )


def add_message(connection: sqlite3.Connection, message: Message) -> Message:
    """Write it at the end; the same with its id. Ids are given in the order of writing, whatever the clock says."""
    row = (
        message.conversation,
        message.sender.value,
        message.kind.value,
        message.text,
        to_text(message.at),
        message.language,
        message.author,
        json.dumps(message.options),
        _as_json(message.attachments),
        _as_json(message.citations),
        message.decision,
        message.reason,
        message.confidence,
        message.agent_version,
        message.index_generation,
        message.evidence,
    )
    return replace(message, id=connection.execute(_INSERT, row).lastrowid or 0)


def add_inbound(connection: sqlite3.Connection, inbound: InboundMessage, conversation: str, at: datetime) -> Message:
    """The same for what a contact wrote; noted with the provider's id, so that the next delivery of it is known (CONV-2).

    Made once, not twice: all that comes in goes through here.
    """
    sender, kind, attachments = Sender.CONTACT, MessageKind.INBOUND, _as_json(inbound.attachments)
    written, sent = to_text(at), to_text(inbound.sent_at)
    said = (conversation, sender.value, kind.value, inbound.text, written, inbound.language)
    number = connection.execute(_INSERT, (*said, "", "[]", attachments, "[]", "", "", None, 0, 0, "")).lastrowid or 0
    connection.execute(
        "INSERT INTO inbound (channel, external_id, message, conversation, sent_at, body_hash)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (inbound.channel, inbound.external_id, number, conversation, sent, inbound.body_hash),
    )
    return Message(
        id=number,
        conversation=conversation,
        sender=sender,
        kind=kind,
        text=inbound.text,
        at=at,
        language=inbound.language,
        attachments=inbound.attachments,
    )


def _as_json(values: Sequence[Attachment] | Sequence[Citation]) -> str:
    return json.dumps([asdict(each) for each in values]) if values else "[]"


def messages_of(
    connection: sqlite3.Connection, condition: str, values: Sequence[str], after: int
) -> tuple[Message, ...]:
    """The messages that meet the condition, of which `values` fill the marks, with ids above `after`, in order."""
    rows = connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE {condition} AND id > ? ORDER BY id",  # noqa: S608 - constants of the room
        (*values, after),
    )
    return tuple(message_of(row) for row in rows)


def reply_kinds(connection: sqlite3.Connection, conversation: str) -> tuple[MessageKind, ...]:
    """The kinds of what the agent and people said, oldest first."""
    rows = connection.execute(
        "SELECT kind FROM messages WHERE conversation = ? AND sender <> 'contact' ORDER BY id", (conversation,)
    )
    return tuple(MessageKind(kind) for (kind,) in rows)


def find_inbound(connection: sqlite3.Connection, channel: str, external_id: str) -> Message | None:
    """What the provider's message was written down as."""
    row = connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM inbound JOIN messages ON messages.id = inbound.message"  # noqa: S608 - constants of this file
        " WHERE inbound.channel = ? AND inbound.external_id = ?",
        (channel, external_id),
    ).fetchone()
    return message_of(row) if row else None


def mark_handled(connection: sqlite3.Connection, conversation: str, messages: Sequence[int] | None = None) -> None:
    """The contact's messages of these ids have been dealt with; None: all there are."""
    if messages is None:
        connection.execute("UPDATE inbound SET handled = 1 WHERE conversation = ? AND handled = 0", (conversation,))
        return
    connection.executemany(
        "UPDATE inbound SET handled = 1 WHERE conversation = ? AND message = ? AND handled = 0",
        [(conversation, message) for message in messages],
    )
