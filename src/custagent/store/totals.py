"""How much there is of what `custagent status` and `/metrics` tell, counted by the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.core.conversation import IMPORTED, Status
from custagent.core.message import DeliveryStatus, Sender
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has not been dealt with yet."""

    #: Contacts' messages that the agent has not answered, and when the oldest of them came.
    messages: int
    oldest_message_at: datetime | None
    #: Replies that wait for sending, and when the oldest of them was written.
    replies: int
    oldest_reply_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """How many messages of one sort were written."""

    channel: str
    sender: Sender
    #: What was decided, of the agent's replies; "" elsewhere.
    decision: str
    count: int


class Totals:
    """Counts over all conversations and replies; none reads their texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def conversations(self) -> Mapping[Status, int]:
        """How many conversations there are of each status; every status is there."""
        counted = self._counted("SELECT status, count(*) FROM conversations GROUP BY status")
        return {status: counted.get(status.value, 0) for status in Status}

    def replies(self) -> Mapping[DeliveryStatus, int]:
        """How many replies wait for sending, and how many were given up (dead letters)."""
        counted = self._counted(
            "SELECT 'queued', count(*) FROM outbox WHERE status = 'queued'"
            " UNION ALL SELECT 'failed', count(*) FROM outbox WHERE status = 'failed'"
        )
        return {status: counted[status.value] for status in (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)}

    def waiting(self) -> Waiting:
        """What waits now; costs as much as there waits, however much there is in all."""

        def count(connection: sqlite3.Connection) -> Waiting:
            messages, message_at = _oldest(
                connection,
                "inbound CROSS JOIN conversations ON conversations.id = inbound.conversation",
                "inbound.handled = 0 AND conversations.status = 'pending'",
            )
            replies, reply_at = _oldest(connection, "outbox", "status = 'queued'")
            return Waiting(messages=messages, oldest_message_at=message_at, replies=replies, oldest_reply_at=reply_at)

        return self._database.read(count)

    def deliveries(self) -> Mapping[tuple[str, DeliveryStatus], int]:
        """How many replies there are by channel and how far they have come. Looks at every reply there ever was."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT channel, status, count(*) FROM outbox GROUP BY channel, status ORDER BY channel, status"
            ).fetchall()
        )
        return {(channel, DeliveryStatus(status)): count for channel, status, count in rows}

    def last_message(self) -> int:
        """The number of the newest message, 0 when there is none."""
        return self._database.read(_last_message)

    def spoken(self, after: int) -> tuple[int, tuple[Spoken, ...]]:
        """What was said since the message with this number: the newest one's number, and counts by sort, imports left out."""

        def count(connection: sqlite3.Connection) -> tuple[int, list[Any]]:
            rows = connection.execute(
                "SELECT conversations.channel, messages.sender, messages.decision, count(*) FROM messages"
                " JOIN conversations ON conversations.id = messages.conversation"
                " WHERE messages.id > ? AND instr(conversations.channel, ?) <> 1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
                (after, IMPORTED),
            ).fetchall()
            return _last_message(connection), rows

        last, rows = self._database.read(count)
        return last, tuple(
            Spoken(channel=channel, sender=Sender(sender), decision=decision, count=number)
            for channel, sender, decision, number in rows
        )

    def _counted(self, query: str) -> dict[str, int]:
        return self._database.read(lambda connection: dict(connection.execute(query).fetchall()))


def _last_message(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()[0])


def _oldest(connection: sqlite3.Connection, tables: str, condition: str) -> tuple[int, datetime | None]:
    """How many rows meet the condition, and when the first of their messages was written."""
    count, first = connection.execute(
        f"SELECT count(*), min(message) FROM {tables} WHERE {condition}"  # noqa: S608 - constants of this file
    ).fetchone()
    if first is None:
        return count, None
    (at,) = connection.execute("SELECT at FROM messages WHERE id = ?", (first,)).fetchone()
    return count, from_text(at)
