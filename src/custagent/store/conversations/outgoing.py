"""Replies on their way, as a channel needs them: whom they go to, what they are to, and how far they have come."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from custagent.core.conversation import Conversation
from custagent.core.message import (
    CHARGED_KINDS,
    Message,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.store.conversations.messages import MESSAGE_COLUMNS, message_of
from custagent.store.database.moments import from_text, to_text
from custagent.store.ledger.ledger import charge_in_force

#: Of the message that a reply is to: the contact's last one before it, where that came by the reply's own channel.
_REPLIED = (
    "inbound.external_id, inbound.sent_at, reply_ways.details, EXISTS (SELECT 1 FROM messages AS newer"
    " WHERE newer.conversation = outbox.conversation AND newer.sender = 'contact' AND newer.id > outbox.message)"
)
#: What the agent said of itself right before it.
_PREFACE = (
    "(SELECT iif(before.kind = 'disclosure' AND before.sender = 'agent' AND messages.sender = 'agent', before.text, '')"
    " FROM messages AS before WHERE before.conversation = outbox.conversation AND before.id < outbox.message"
    " ORDER BY before.id DESC LIMIT 1)"
)
#: For `outbound_of`; the rows of the outbox stand in `chosen`, an SQL of their `message` ids.
_OUTBOUND = (
    "SELECT outbox.channel, iif(outbox.contact_key <> '', outbox.contact_key, contacts.key), outbox.attempts,"  # noqa: S608 - constants of this file
    f" outbox.error, outbox.changed_at, outbox.parts_sent, {_REPLIED}, {_PREFACE}, {MESSAGE_COLUMNS}"
    " FROM ({chosen}) AS chosen JOIN outbox ON outbox.message = chosen.message"
    " JOIN messages ON messages.id = outbox.message"
    " JOIN conversations ON conversations.id = outbox.conversation"
    " JOIN contacts ON contacts.id = conversations.contact"
    " LEFT JOIN inbound ON inbound.channel = outbox.channel AND inbound.message = (SELECT max(asked.id)"
    " FROM messages AS asked WHERE asked.conversation = outbox.conversation AND asked.sender = 'contact'"
    " AND asked.id < outbox.message)"
    " LEFT JOIN reply_ways ON reply_ways.message = inbound.message"
)


def outbound_rows(
    connection: sqlite3.Connection, chosen: str, values: Sequence[Any], *, order: str
) -> list[tuple[Any, ...]]:
    """The rows for `outbound_of` whose ids the SQL `chosen` selects as `message`; what they need is read of these alone."""
    return connection.execute(f"{_OUTBOUND.format(chosen=chosen)} ORDER BY {order}", values).fetchall()


def outbound_of(row: Sequence[Any]) -> OutboundMessage:
    """The value of a row of `outbound_rows`. Its error and when it last changed are row[3] and row[4]."""
    message = message_of(row[11:])
    replied = None
    if row[6] is not None:
        details = json.loads(row[8]) if row[8] else {}
        replied = RepliedTo(external_id=row[6], sent_at=from_text(row[7]), details=details, newer=bool(row[9]))
    return OutboundMessage(
        id=message.id,
        message=message,
        channel=row[0],
        contact_key=row[1],
        attempts=row[2],
        parts_sent=row[5],
        replied_to=replied,
        preface=row[10] or "",
    )


def asked_last(connection: sqlite3.Connection, conversation: str) -> RepliedTo | None:
    """What the contact wrote last in the conversation, where that came by the conversation's own channel."""
    row = connection.execute(
        "SELECT inbound.external_id, inbound.sent_at, reply_ways.details FROM messages"
        " JOIN inbound ON inbound.message = messages.id JOIN conversations ON conversations.id = messages.conversation"
        " AND conversations.channel = inbound.channel LEFT JOIN reply_ways ON reply_ways.message = messages.id"
        " WHERE messages.conversation = ? AND messages.sender = 'contact' ORDER BY messages.id DESC LIMIT 1",
        (conversation,),
    ).fetchone()
    if row is None:
        return None
    return RepliedTo(external_id=row[0], sent_at=from_text(row[1]), details=json.loads(row[2]) if row[2] else {})


def queue(connection: sqlite3.Connection, message: Message, conversation: Conversation, *, mailbox: str = "") -> None:
    """Put a reply into the outbox, in the transaction that writes it. It is due at once.

    `mailbox` is the channel by which an address that was left in a chat is answered (HND-2); "" when there is none.
    """
    charge = charge_in_force(connection, message.conversation) if message.kind in CHARGED_KINDS else None
    channel, key = _way(connection, message, conversation, mailbox)
    connection.execute(
        "INSERT INTO outbox (message, channel, conversation, sender, status, charge, changed_at, contact_key)"
        " VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
        (
            message.id,
            channel,
            message.conversation,
            message.sender.value,
            charge.id if charge else None,
            to_text(message.at),
            key,
        ),
    )


def _way(connection: sqlite3.Connection, message: Message, conversation: Conversation, mailbox: str) -> tuple[str, str]:
    """The channel, and the contact's key there: the way that the contact took last; "" is the conversation's contact."""
    last = connection.execute(
        "SELECT inbound.channel, reply_ways.contact_key FROM messages JOIN inbound ON inbound.message = messages.id"
        " LEFT JOIN reply_ways ON reply_ways.message = messages.id"
        " WHERE messages.id = (SELECT max(id) FROM messages WHERE conversation = ? AND sender = 'contact')",
        (message.conversation,),
    ).fetchone()
    if last is not None and last[0] != conversation.channel and last[1]:
        return str(last[0]), str(last[1])
    email = conversation.contact.email
    if mailbox and email and message.sender is Sender.PERSON and _has_left(connection, message.conversation):
        return mailbox, email
    return conversation.channel, ""


def _has_left(connection: sqlite3.Connection, conversation: str) -> bool:
    """Whether the contact was told that nobody is there, and has not talked with a person in the chat since."""
    row = connection.execute(
        "SELECT 1 FROM messages AS told WHERE told.conversation = ?1 AND told.kind = 'handoff-unavailable' AND NOT EXISTS"
        " (SELECT 1 FROM messages AS said WHERE said.conversation = ?1 AND said.sender = 'person' AND said.id > told.id"
        " AND EXISTS (SELECT 1 FROM messages AS back WHERE back.conversation = ?1 AND back.sender = 'contact'"
        " AND back.id > said.id)) LIMIT 1",
        (conversation,),
    ).fetchone()
    return row is not None
