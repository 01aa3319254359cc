"""What waits for the agents: contacts' messages that no turn has dealt with, in conversations that an agent has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping

from custagent.core.conversation import Conversation, Status
from custagent.core.message import Message
from custagent.store.conversations.messages import MESSAGE_COLUMNS, message_of
from custagent.store.conversations.threads import load

#: Messages that are looked at for counting: more is "very many", and counting them would take longer than it is worth.
_MOST_COUNTED = 20_000

# CROSS JOIN keeps SQLite to this order: few messages wait, many conversations are pending.
_WAITING = "inbound CROSS JOIN conversations ON conversations.id = inbound.conversation"


def next_waiting(
    connection: sqlite3.Connection, limit: int, busy: Collection[str], full: Collection[str]
) -> tuple[str, ...]:
    """The conversations whose first message waits longest; none of the `busy` ones, nor of `full` channels."""
    rows = connection.execute(
        f"SELECT inbound.conversation FROM {_WAITING}"  # noqa: S608 - a constant of this file
        " WHERE inbound.handled = 0 AND conversations.status = 'pending'"
        " AND inbound.conversation NOT IN (SELECT value FROM json_each(?))"
        " AND conversations.channel NOT IN (SELECT value FROM json_each(?))"
        " GROUP BY inbound.conversation ORDER BY min(inbound.message) LIMIT ?",
        (json.dumps(list(busy)), json.dumps(list(full)), max(limit, 0)),
    )
    return tuple(conversation for (conversation,) in rows)


def waiting_in(connection: sqlite3.Connection, conversation: str) -> tuple[Conversation, tuple[Message, ...]] | None:
    """The conversation and what waits in it, in order; None when nothing does, or it is not an agent's."""
    kept = load(connection, conversation)
    if kept is None or kept.conversation.status is not Status.PENDING:
        return None
    rows = connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM inbound JOIN messages ON messages.id = inbound.message"  # noqa: S608 - constants of the room
        " WHERE inbound.conversation = ? AND inbound.handled = 0 ORDER BY messages.id",
        (conversation,),
    )
    messages = tuple(message_of(row) for row in rows)
    return (kept.conversation, messages) if messages else None


def count_waiting(connection: sqlite3.Connection) -> Mapping[str, int]:
    """How many conversations wait, by channel: all, or those that the first so many messages are of."""
    rows = connection.execute(
        "SELECT conversations.channel, count(*) FROM"
        " (SELECT DISTINCT conversation FROM (SELECT conversation FROM inbound WHERE handled = 0 LIMIT ?)) AS waiting"
        " CROSS JOIN conversations ON conversations.id = waiting.conversation"
        " WHERE conversations.status = 'pending' GROUP BY conversations.channel",
        (_MOST_COUNTED,),
    )
    return dict(rows.fetchall())
