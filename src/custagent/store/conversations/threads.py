"""Contacts and their conversations as rows: read, begun, gone on with, closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.core.conversation import (
    Contact,
    Conversation,
    Event,
    Outcome,
    Status,
    Threading,
    outcome_of,
    transition,
)
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.store.conversations.messages import reply_kinds
from custagent.store.database.moments import from_text, to_text

#: For `conversation_of`; they come from "conversations JOIN contacts".
CONVERSATION_COLUMNS = (
    "conversations.id, conversations.channel, contacts.id, contacts.key, contacts.name, contacts.email,"
    " contacts.language, conversations.status, conversations.agent, conversations.assignee, conversations.language,"
    " conversations.opened_at, conversations.last_message_at, conversations.closed_at, conversations.outcome,"
    " conversations.version"
)
CONVERSATIONS = "conversations JOIN contacts ON contacts.id = conversations.contact"
_SELECT = f"SELECT {CONVERSATION_COLUMNS}, conversations.last_sender, conversations.closed_from FROM {CONVERSATIONS}"  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A conversation, and what the store alone knows of it."""

    conversation: Conversation
    last_sender: Sender
    #: While it is closed: the status that it was closed from, which tells who had it.
    closed_from: Status | None


#: Everything that decides what becomes of a contact's message, in one look: for each message that comes in, five looks
#: would take longer than writing it down.
_STANDING = (
    f"SELECT {CONVERSATION_COLUMNS}, conversations.last_sender, conversations.closed_from,"  # noqa: S608 - constants of this file
    " contacts.id, contacts.name, contacts.language, (SELECT token FROM lease WHERE NOT released), inbound.message, EXISTS"
    " (SELECT 1 FROM inbound WHERE inbound.conversation = conversations.id AND inbound.handled = 0)"
    " FROM (SELECT 1) LEFT JOIN inbound ON inbound.channel = ?1 AND inbound.external_id = ?2"
    " LEFT JOIN contacts ON contacts.channel = ?1 AND contacts.key = ?3"
    " LEFT JOIN conversations ON conversations.id = (SELECT id FROM conversations WHERE contact = contacts.id"
    " ORDER BY status = 'closed', last_message DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand when a contact's message comes in."""

    #: It was written down before.
    known: bool
    #: The contact's id; None for one who was never heard of, or of whom it tells something new.
    contact: int | None
    #: The conversation that it may go on with: the live one, else the one that spoke last.
    kept: Kept | None
    #: A message of the contact waits in that one to be dealt with.
    unhandled: bool
    #: The token of the live lease, 0 when no runner has one.
    fence: int


def standing_of(connection: sqlite3.Connection, message: InboundMessage) -> Standing:
    """What is known of the message, its contact and their conversation."""
    row = connection.execute(_STANDING, (message.channel, message.external_id, message.contact_key)).fetchone()
    contact, name, language, token, known, unhandled = row[-6:]
    told = (message.contact_name or name, message.language or language)
    return Standing(
        known=known is not None,
        contact=contact if told == (name, language) else None,
        kept=_kept(row[:-6]) if row[0] is not None else None,
        unhandled=bool(unhandled),
        fence=token or 0,
    )


def conversation_of(row: Sequence[Any]) -> Conversation:
    """The value of a row of CONVERSATION_COLUMNS."""
    return Conversation(
        id=row[0],
        channel=row[1],
        contact=Contact(id=row[2], channel=row[1], key=row[3], name=row[4], email=row[5], language=row[6]),
        status=Status(row[7]),
        agent=row[8],
        assignee=row[9],
        language=row[10],
        opened_at=from_text(row[11]),
        last_message_at=from_text(row[12]),
        closed_at=from_text(row[13]) if row[13] else None,
        outcome=Outcome(row[14]) if row[14] else None,
        version=row[15],
    )


def load(connection: sqlite3.Connection, conversation: str) -> Kept | None:
    """The conversation of this id."""
    return _kept(connection.execute(f"{_SELECT} WHERE conversations.id = ?", (conversation,)).fetchone())


def latest(connection: sqlite3.Connection, contact: int) -> Kept | None:
    """The contact's conversation that the next message may go on with: the live one, else the one that spoke last."""
    row = connection.execute(
        f"{_SELECT} WHERE conversations.contact = ?"
        " ORDER BY conversations.status = 'closed', conversations.last_message DESC LIMIT 1",
        (contact,),
    ).fetchone()
    return _kept(row)


def keep_contact(connection: sqlite3.Connection, message: InboundMessage) -> int:
    """The contact's id. What the message tells of them replaces what was known; what it does not tell stays."""
    row = connection.execute(
        "INSERT INTO contacts (channel, key, name, email, language) VALUES (?, ?, ?, '', ?)"
        " ON CONFLICT (channel, key) DO UPDATE SET"
        " name = CASE WHEN excluded.name = '' THEN name ELSE excluded.name END,"
        " language = CASE WHEN excluded.language = '' THEN language ELSE excluded.language END"
        " RETURNING id",
        (message.channel, message.contact_key, message.contact_name, message.language),
    ).fetchone()
    return int(row[0])


def find_contact(connection: sqlite3.Connection, channel: str, key: str) -> int | None:
    """The contact's id; None for one who was never heard of."""
    row = connection.execute("SELECT id FROM contacts WHERE channel = ? AND key = ?", (channel, key)).fetchone()
    return int(row[0]) if row else None


def open_thread(
    connection: sqlite3.Connection,
    conversation: str,
    contact: int,
    *,
    agent: str,
    at: datetime,
) -> Kept:
    """A new conversation, for its first message to be noted in: the agent's, or waiting for people."""
    status = Status.PENDING if agent else Status.OPEN
    connection.execute(
        "INSERT INTO conversations (id, channel, contact, status, agent, assignee, language, opened_at,"
        " last_message, last_message_at, last_sender, version)"
        " SELECT ?, channel, id, ?, ?, '', language, ?, 0, ?, 'contact', 0 FROM contacts WHERE id = ?",
        (conversation, status.value, agent, to_text(at), to_text(at), contact),
    )
    return require(connection, conversation)


def by_now(
    connection: sqlite3.Connection, kept: Kept, threading: Threading, at: datetime, *, unhandled: bool = False
) -> Kept:
    """The conversation, closed if silence has closed it meanwhile and nobody has noticed."""
    if not threading.closes(kept.conversation, kept.last_sender, at, unhandled=unhandled):
        return kept
    return close_silent(connection, kept, threading.closes_at(kept.conversation))


def owes(connection: sqlite3.Connection, kept: Kept) -> bool:
    """Whether a message of the contact waits in it to be dealt with."""
    row = connection.execute(
        "SELECT 1 FROM inbound WHERE conversation = ? AND handled = 0 LIMIT 1", (kept.conversation.id,)
    ).fetchone()
    return row is not None


def close_silent(connection: sqlite3.Connection, kept: Kept, at: datetime) -> Kept:
    """Silence has closed it as of `at`. Nothing in it waits for a reply, or it would not have (`Threading.closes`)."""
    conversation = kept.conversation
    outcome = outcome_of(conversation.status, reply_kinds(connection, conversation.id))
    connection.execute(
        "UPDATE conversations SET status = ?, closed_from = status, closed_at = ?, outcome = ?, waiting_since = NULL,"
        " version = version + 1 WHERE id = ?",
        (
            transition(conversation.status, Event.TIMED_OUT).value,
            to_text(at),
            outcome.value if outcome else None,
            conversation.id,
        ),
    )
    return require(connection, conversation.id)


def go_on(kept: Kept, agent: str) -> tuple[Status, str]:
    """The status and agent that a contact's message leaves the conversation with; a closed one is reopened by it.

    It goes back to whoever had it (CONV-1): the channel's agent of today, or the same people.
    """
    status = kept.conversation.status
    if status is not Status.CLOSED:
        return transition(status, Event.CONTACT_WROTE), kept.conversation.agent
    if kept.closed_from is Status.PENDING and agent:
        return transition(status, Event.CONTACT_WROTE), agent
    return transition(status, Event.TAKEN), kept.conversation.agent


def note_inbound(connection: sqlite3.Connection, message: Message, kept: Kept, agent: str) -> Conversation:
    """The contact's message is the conversation's last one now, and has woken or reopened it; as it is then."""
    status, agent = go_on(kept, agent)
    connection.execute(
        "UPDATE conversations SET status = ?1, agent = ?2, closed_from = NULL, closed_at = NULL, outcome = NULL,"
        " language = CASE WHEN language = '' THEN ?3 ELSE language END,"
        " waiting_since = CASE WHEN ?1 = 'open' THEN coalesce(waiting_since, ?5) END,"
        " last_message = ?4, last_message_at = ?5, last_sender = ?6, version = version + 1 WHERE id = ?7",
        (
            status.value,
            agent,
            message.language,
            message.id,
            to_text(message.at),
            message.sender.value,
            message.conversation,
        ),
    )
    before = kept.conversation
    if before.status is Status.SNOOZED:
        keep_snooze(connection, message.conversation, None)
    # Named one by one: `replace` takes as long as the update.
    return Conversation(
        id=before.id,
        channel=before.channel,
        contact=before.contact,
        status=status,
        agent=agent,
        assignee=before.assignee,
        language=before.language or message.language,
        opened_at=before.opened_at,
        last_message_at=message.at,
        version=before.version + 1,
    )


def note_reply(connection: sqlite3.Connection, message: Message, at: datetime) -> None:
    """Our message is the conversation's last one now.

    "Did that help?" does not count as a message of either side: the silence it asks about goes on, so that a
    conversation is closed at the same moment with it as without it (CONV-1).
    """
    if message.kind is MessageKind.FOLLOW_UP:
        connection.execute("UPDATE conversations SET last_message = ? WHERE id = ?", (message.id, message.conversation))
        return
    connection.execute(
        "UPDATE conversations SET last_message = ?, last_message_at = ?, last_sender = ? WHERE id = ?",
        (message.id, to_text(at), message.sender.value, message.conversation),
    )


def keep_snooze(connection: sqlite3.Connection, conversation: str, until: datetime | None) -> None:
    """Remember when a snoozed conversation wakes by itself; None: it does not, or it sleeps no more."""
    if until is None:
        connection.execute("DELETE FROM snoozes WHERE conversation = ?", (conversation,))
        return
    connection.execute(
        "INSERT INTO snoozes (conversation, until) VALUES (?, ?)"
        " ON CONFLICT (conversation) DO UPDATE SET until = excluded.until",
        (conversation, to_text(until)),
    )


def require(connection: sqlite3.Connection, conversation: str) -> Kept:
    """The conversation of this id, which is known to be there."""
    kept = load(connection, conversation)
    if kept is None:
        raise LookupError(conversation)
    return kept


def _kept(row: Sequence[Any] | None) -> Kept | None:
    if row is None:
        return None
    return Kept(
        conversation=conversation_of(row),
        last_sender=Sender(row[-2]),
        closed_from=Status(row[-1]) if row[-1] else None,
    )
