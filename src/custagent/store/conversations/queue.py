"""The conversations as people work through them: whose, who waits longest, what the last word was."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from custagent.core.conversation import Conversation, Status
from custagent.core.message import MessageKind, Sender
from custagent.store.conversations.threads import CONVERSATION_COLUMNS, conversation_of
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text


class View(StrEnum):
    """Which conversations somebody looks at."""

    #: Open, and mine.
    MINE = "mine"
    #: Open, and nobody's: in the queue of a team, or of whoever comes.
    UNASSIGNED = "unassigned"
    #: Open, whoever has it.
    OPEN = "open"
    #: Put aside for a while.
    SNOOZED = "snoozed"
    #: The agent has it.
    AGENT = "agent"
    CLOSED = "closed"


#: The status of each; closed ones come latest first, all others longest waiting first.
_STATUS = {
    View.MINE: Status.OPEN,
    View.UNASSIGNED: Status.OPEN,
    View.OPEN: Status.OPEN,
    View.SNOOZED: Status.SNOOZED,
    View.AGENT: Status.PENDING,
    View.CLOSED: Status.CLOSED,
}
_BY_WAITING = "conversations.waiting_since IS NULL, conversations.waiting_since, conversations.last_message"
_ORDER = {
    View.CLOSED: "conversations.last_message DESC, conversations.last_message_at DESC",
    View.AGENT: "conversations.last_message DESC",
}
#: How many are nobody's: of each team by the index, for reading the assignee of each open conversation takes longer.
_COUNT_UNASSIGNED = """
    WITH RECURSIVE queues (name) AS (
        SELECT '' UNION ALL
        SELECT (SELECT min(assignee) FROM conversations
                WHERE assignee > max(queues.name, 'team:') AND assignee < 'team;')
        FROM queues WHERE name IS NOT NULL
    )
    SELECT count(*) FROM conversations WHERE status = ? AND assignee IN (SELECT name FROM queues WHERE name IS NOT NULL)
"""
#: Letters of the last message that a list shows.
_SNIPPET = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a view is meant. What is "" leaves out nothing."""

    view: View = View.OPEN
    #: Whose: a user's name, for `View.MINE`.
    user: str = ""
    channel: str = ""
    #: ISO 639-1.
    language: str = ""
    #: "user:NAME" or "team:NAME".
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A conversation in the list."""

    conversation: Conversation
    #: Since when the contact waits for a person, UTC; None when they do not.
    waiting_since: datetime | None
    #: The last message: its id, who wrote it, of what kind, and its beginning.
    last_message: int
    last_sender: Sender
    last_kind: MessageKind | None
    snippet: str
    #: When the contact wrote last, UTC: channels of Meta take replies for a day after it.
    contact_wrote_at: datetime | None
    #: Replies of it that did not arrive.
    failed: int
    #: The user who looks has not seen the last message.
    unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What somebody should look after."""

    #: Open conversations of the user in which the contact waits: their ids with the contacts' names, "" for unknown
    #: ones, longest waiting first; and how many there are, however many are named.
    mine: Mapping[str, str]
    mine_count: int
    #: Open conversations that are nobody's yet.
    unassigned_count: int


class Queue:
    """Lists of conversations for people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, wanted: Wanted, *, limit: int, offset: int = 0) -> tuple[Item, ...]:
        """A page of the view: open ones longest waiting first, closed ones latest first."""
        condition, values = _condition(wanted)
        order = _ORDER.get(wanted.view, _BY_WAITING)

        def read(connection: sqlite3.Connection) -> list[Sequence[Any]]:
            # The page first, the rest of each line afterwards: else it would be looked up for ten thousand.
            return connection.execute(
                f"SELECT {CONVERSATION_COLUMNS}, conversations.waiting_since, conversations.last_message,"  # noqa: S608 - constants of the room
                " conversations.last_sender,"
                " (SELECT kind FROM messages WHERE id = conversations.last_message),"
                f" (SELECT substr(text, 1, {_SNIPPET}) FROM messages WHERE id = conversations.last_message),"
                " (SELECT max(at) FROM messages WHERE conversation = conversations.id AND sender = 'contact'),"
                " (SELECT count(*) FROM outbox WHERE conversation = conversations.id AND status = 'failed'),"
                " NOT EXISTS (SELECT 1 FROM seen WHERE conversation = conversations.id AND user = ?"
                "  AND message >= conversations.last_message)"
                f" FROM (SELECT conversations.rowid AS number, row_number() OVER (ORDER BY {order}) AS place"
                f"  FROM conversations WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?)"
                f" JOIN conversations ON conversations.rowid = number JOIN contacts ON contacts.id = conversations.contact"
                " ORDER BY place",
                (wanted.user, *values, max(limit, 0), max(offset, 0)),
            ).fetchall()

        return tuple(map(_item, self._database.read(read)))

    def counts(self, user: str) -> Mapping[View, int]:
        """How many there are in each view of this user's but the closed ones."""

        def read(connection: sqlite3.Connection) -> dict[View, int]:
            found = {}
            for view in (View.MINE, View.UNASSIGNED, View.OPEN, View.SNOOZED, View.AGENT):
                condition, values = _condition(Wanted(view=view, user=user))
                count = f"SELECT count(*) FROM conversations WHERE {condition}"  # noqa: S608 - constants of this file
                if view is View.UNASSIGNED:
                    count = _COUNT_UNASSIGNED
                (found[view],) = connection.execute(count, values).fetchone()
            return found

        return self._database.read(read)

    def waiting(self, user: str, *, limit: int) -> Waiting:
        """What waits for the user, at most `limit` of them by name, and how many are nobody's."""
        mine, values = _condition(Wanted(view=View.MINE, user=user))
        waits = f"FROM conversations WHERE {mine} AND conversations.waiting_since IS NOT NULL"

        def read(connection: sqlite3.Connection) -> Waiting:
            named = connection.execute(
                "SELECT conversations.id, (SELECT name FROM contacts WHERE id = conversations.contact)"  # noqa: S608 - constants of this file
                f" {waits} ORDER BY conversations.waiting_since LIMIT ?",
                (*values, limit),
            ).fetchall()
            (count,) = connection.execute(f"SELECT count(*) {waits}", values).fetchone()
            (free,) = connection.execute(_COUNT_UNASSIGNED, (_STATUS[View.UNASSIGNED].value,)).fetchone()
            return Waiting(mine=dict(named), mine_count=count, unassigned_count=free)

        return self._database.read(read)

    def waiting_since(self, conversation: str) -> datetime | None:
        """Since when the contact waits for a person, UTC."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT waiting_since FROM conversations WHERE id = ?", (conversation,)
            ).fetchone()
        )
        return from_text(row[0]) if row and row[0] else None


def _condition(wanted: Wanted) -> tuple[str, list[str]]:
    terms, values = ["conversations.status = ?"], [_STATUS[wanted.view].value]
    if wanted.view is View.MINE:
        terms.append("conversations.assignee = ?")
        values.append(f"user:{wanted.user}")
    if wanted.view is View.UNASSIGNED:
        terms.append("conversations.assignee NOT LIKE 'user:%'")
    for column, value in (
        ("channel", wanted.channel),
        ("language", wanted.language),
        ("assignee", wanted.assignee),
    ):
        if value:
            terms.append(f"conversations.{column} = ?")
            values.append(value)
    return " AND ".join(terms), values


def _item(row: Sequence[Any]) -> Item:
    waiting_since, message, sender, kind, snippet, wrote_at, failed, unread = row[-8:]
    return Item(
        conversation=conversation_of(row),
        waiting_since=from_text(waiting_since) if waiting_since else None,
        last_message=message,
        last_sender=Sender(sender),
        last_kind=MessageKind(kind) if kind else None,
        snippet=" ".join((snippet or "").split()),
        contact_wrote_at=from_text(wrote_at) if wrote_at else None,
        failed=failed,
        unread=bool(unread),
    )
