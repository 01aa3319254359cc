"""Conversations of the past, of another tool or workspace: they are kept to be read, and nothing is ever done with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from custagent.core.conversation import Outcome, Status, outcome_of
from custagent.core.message import Message, Sender
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.conversations.messages import add_message
from custagent.store.database.database import Database
from custagent.store.database.moments import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PastConversation:
    """One conversation as it comes in; it is closed."""

    #: As custagent's own ids look.
    id: str
    #: The channel that it is kept under; it begins with IMPORTED.
    channel: str
    contact_key: str
    contact_name: str = ""
    contact_email: str = ""
    agent: str = ""
    language: str = ""
    opened_at: datetime
    closed_at: datetime
    outcome: Outcome | None = None
    #: In order; their ids and `conversation` are set when they are written.
    messages: tuple[Message, ...]


class PastConversations:
    """Writes imported conversations: no charge, nothing to send, nothing for the agent to do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, ids: Iterable[str]) -> frozenset[str]:
        """Which of these conversations are there already."""
        wanted = list(ids)

        def find(connection: sqlite3.Connection) -> frozenset[str]:
            return frozenset(one for one in wanted if _is_there(connection, one))

        return self._database.read(find)

    def add(self, conversations: Sequence[PastConversation], *, audit: AuditEntry | None = None) -> int:
        """Write these in one transaction, but for those that are there already; how many were written."""

        def write(connection: sqlite3.Connection) -> int:
            new = [one for one in conversations if not _is_there(connection, one.id)]
            for one in new:
                _write(connection, one)
            if audit is not None:
                add_entry(connection, audit)
            return len(new)

        return self._database.write(write)


def _is_there(connection: sqlite3.Connection, conversation: str) -> bool:
    return connection.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation,)).fetchone() is not None


def _write(connection: sqlite3.Connection, past: PastConversation) -> None:
    contact = connection.execute(
        "INSERT INTO contacts (channel, key, name, email, language) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (channel, key) DO UPDATE SET"
        " name = CASE WHEN excluded.name = '' THEN name ELSE excluded.name END,"
        " email = CASE WHEN excluded.email = '' THEN email ELSE excluded.email END"
        " RETURNING id",
        (past.channel, past.contact_key, past.contact_name, past.contact_email, past.language),
    ).fetchone()[0]
    last = past.messages[-1]
    replies = [message.kind for message in past.messages if message.sender is not Sender.CONTACT]
    by_people = any(message.sender is Sender.PERSON for message in past.messages)
    closed_from = Status.OPEN if by_people else Status.PENDING
    outcome = past.outcome or outcome_of(closed_from, replies)
    # The last message's number is 0: in the order of writing these have no place, however late they are imported.
    connection.execute(
        "INSERT INTO conversations (id, channel, contact, status, closed_from, agent, assignee, language, opened_at,"
        " last_message, last_message_at, last_sender, closed_at, outcome, version)"
        " VALUES (?, ?, ?, 'closed', ?, ?, '', ?, ?, 0, ?, ?, ?, ?, 0)",
        (
            past.id,
            past.channel,
            contact,
            closed_from.value,
            past.agent,
            past.language,
            to_text(past.opened_at),
            to_text(last.at),
            last.sender.value,
            to_text(past.closed_at),
            outcome.value if outcome else None,
        ),
    )
    for message in past.messages:
        add_message(connection, message)
