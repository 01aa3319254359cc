"""What the clock makes due: snoozes that end, contacts who wait too long for a person, answers to ask about (CONV-1).

Closing by silence is read in `conversations`. Nothing here changes anything: each finding is acted on in a transaction
of its own, after which it is found no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from custagent.core.conversation import Conversation, Threading
from custagent.store.conversations.threads import CONVERSATION_COLUMNS, CONVERSATIONS, conversation_of
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

#: A conversation whose last word is an answer of the agent, or a question back, that has reached the contact.
_ANSWERED = (
    f"FROM {CONVERSATIONS} JOIN messages ON messages.id = conversations.last_message"
    " JOIN outbox ON outbox.message = messages.id"
    " WHERE conversations.channel = ? AND conversations.agent = ? AND conversations.status = 'pending'"
    " AND conversations.silent_since > ? AND messages.sender = 'agent' AND messages.kind IN ('answer', 'clarify')"
    " AND outbox.status IN ('sent', 'delivered', 'read')"
)
#: Conversations that wait for a person, with the message that they wait since: the first of the contact's that nobody
#: replied to, else the agent's "somebody will be with you". By `overdue_key`, nobody was told yet.
_WAITING = """
    SELECT id, since, at FROM (
        SELECT id, since, (SELECT at FROM messages WHERE messages.id = since) AS at FROM (
            SELECT id, coalesce(
                (SELECT min(messages.id) FROM messages
                    WHERE conversation = talk.id AND sender = 'contact' AND messages.id > ours),
                ours
            ) AS since FROM (
                SELECT id, coalesce(
                    (SELECT max(messages.id) FROM messages WHERE conversation = conversations.id AND sender <> 'contact'),
                    0
                ) AS ours
                FROM conversations WHERE channel = ? AND status = 'open' AND last_sender <> 'person'
            ) AS talk
        )
    ) AS waits
    WHERE NOT EXISTS (SELECT 1 FROM notices WHERE notices.key = 'overdue:' || waits.id || ':' || waits.since)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A conversation that has waited for a person for too long."""

    conversation: str
    channel: str
    #: The message that it waits since, and when that was written, UTC.
    message: int
    since: datetime


def overdue_key(overdue: Overdue) -> str:
    """What a notice about it is known by: one for each time that a contact waits."""
    return f"overdue:{overdue.conversation}:{overdue.message}"


class Timers:
    """What is due at a moment, and when the next thing will be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def snoozed_until(self, conversation: str) -> datetime | None:
        """When a snoozed conversation wakes by itself; None when it does not, or is not snoozed."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT until FROM snoozes WHERE conversation = ?", (conversation,)
            ).fetchone()
        )
        return from_text(row[0]) if row else None

    def ended_snoozes(self, at: datetime, *, limit: int = 100) -> tuple[Conversation, ...]:
        """The snoozed conversations that wake by `at`, the longest due first."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {CONVERSATION_COLUMNS} FROM snoozes"  # noqa: S608 - constants of the room
                " CROSS JOIN conversations ON conversations.id = snoozes.conversation"
                " JOIN contacts ON contacts.id = conversations.contact"
                " WHERE snoozes.until <= ? AND conversations.status = 'snoozed' ORDER BY snoozes.until LIMIT ?",
                (to_text(at), max(limit, 0)),
            ).fetchall()
        )
        return tuple(conversation_of(row) for row in rows)

    def waiting_for_people(
        self, threadings: Mapping[str, Threading], at: datetime, *, limit: int = 100
    ) -> tuple[Overdue, ...]:
        """What has waited for a person by `at` for as long as silence may last, and nobody was told of; oldest first."""

        def overdue(connection: sqlite3.Connection) -> list[Overdue]:
            found = []
            for channel, threading in threadings.items():
                rows = connection.execute(
                    f"{_WAITING} AND at <= ? ORDER BY at LIMIT ?",
                    (channel, to_text(at - threading.closes_after), max(limit, 0)),
                )
                found += [
                    Overdue(conversation=row[0], channel=channel, message=row[1], since=from_text(row[2]))
                    for row in rows
                ]
            return found

        return tuple(sorted(self._database.read(overdue), key=lambda one: one.since)[: max(limit, 0)])

    def unasked_answers(
        self, channel: str, agent: str, *, after: datetime, by: datetime, limit: int = 100
    ) -> tuple[Conversation, ...]:
        """The agent's conversations on the channel that nobody said anything in since a moment later than `after`, and
        no later than `by`, and whose last word is an answer, or a question back, that arrived; longest silent first.
        """
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {CONVERSATION_COLUMNS} {_ANSWERED} AND conversations.silent_since <= ?"
                " ORDER BY conversations.silent_since LIMIT ?",
                (channel, agent, to_text(after), to_text(by), max(limit, 0)),
            ).fetchall()
        )
        return tuple(conversation_of(row) for row in rows)

    def next_at(self, threadings: Mapping[str, Threading]) -> datetime | None:
        """When the next snooze ends, or the next contact has waited too long for a person; may be in the past."""

        def first(connection: sqlite3.Connection) -> datetime | None:
            moments = []
            row = connection.execute("SELECT min(until) FROM snoozes").fetchone()
            moments += [from_text(row[0])] if row[0] else []
            for channel, threading in threadings.items():
                row = connection.execute(f"{_WAITING} ORDER BY at LIMIT 1", (channel,)).fetchone()
                moments += [from_text(row[2]) + threading.closes_after] if row else []
            return min(moments, default=None)

        return self._database.read(first)

    def next_unasked_at(self, channel: str, agent: str, *, after: datetime, wait: timedelta) -> datetime | None:
        """When the next of `unasked_answers` has been silent for as long as `wait`; None when there is none."""
        row = self._database.read(
            lambda connection: connection.execute(
                f"SELECT min(conversations.silent_since) {_ANSWERED}",
                (channel, agent, to_text(after)),
            ).fetchone()
        )
        return from_text(row[0]) + wait if row[0] else None
