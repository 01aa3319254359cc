"""What people have: queues, what waits for whom and since when, who was given what, and what they were told (HND-4)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from custagent.core.conversation import Held, Turn
from custagent.core.handoff import HandoffRecord, HandoffSummary, TriedSource
from custagent.store.conversations.recaps import RECAP_COLUMNS, recap_of
from custagent.store.conversations.threads import CONVERSATION_COLUMNS, CONVERSATIONS, conversation_of
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

#: The order in which contacts are served: since when people have the conversation, in message numbers.
_TURN_IN_QUEUE = (
    "coalesce((SELECT max(handoffs.message) FROM handoffs WHERE handoffs.conversation = conversations.id),"
    " (SELECT min(messages.id) FROM messages WHERE messages.conversation = conversations.id), 0)"
)
#: When the contact wrote what no person has replied to; NULL where it was before any of it, or nothing was written.
_WROTE_AT = (
    "(SELECT at FROM messages WHERE messages.conversation = conversations.id AND sender = 'contact'"
    " AND messages.id > coalesce((SELECT max(id) FROM messages AS said WHERE said.conversation = conversations.id"
    " AND said.sender = 'person'), 0) ORDER BY messages.id LIMIT 1)"
)
#: Who was given it after the contact or a person wrote last.
_TRIED = (
    "(SELECT json_group_array(assignee) FROM givings WHERE givings.conversation = conversations.id"
    " AND givings.message >= coalesce((SELECT max(id) FROM messages WHERE messages.conversation = conversations.id"
    " AND sender <> 'agent'), 0))"
)


_HELD = f"{CONVERSATION_COLUMNS}, conversations.assigned_at, conversations.last_sender, {_WROTE_AT}, {_TRIED}"
_OPEN = "conversations.status = 'open'"
_NOBODYS = "(conversations.assignee = '' OR substr(conversations.assignee, 1, 5) = 'team:')"


class Handoffs:
    """Conversations that people have or should have."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queued(self, *, limit: int, without: Collection[tuple[str, str]] = ()) -> tuple[Held, ...]:
        """The open conversations that no user has, in the order in which they are served.

        `without` leaves out those of a (channel, queue) in which nobody can be served now.
        """
        where = f"{_OPEN} AND {_NOBODYS}"
        left_out = json.dumps([f"{channel} {queue}" for channel, queue in without])
        where += " AND conversations.channel || ' ' || conversations.assignee NOT IN (SELECT value FROM json_each(?))"
        return self._listed(f"{where} ORDER BY {_TURN_IN_QUEUE}, conversations.id LIMIT ?", (left_out, max(limit, 0)))

    def queues(self) -> tuple[tuple[str, str], ...]:
        """(channel, "team:NAME" or "") of each queue that something waits in; costs no sorting."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT DISTINCT channel, assignee FROM conversations WHERE {_OPEN} AND {_NOBODYS} ORDER BY 1, 2"  # noqa: S608 - constants of this file
            ).fetchall()
        )
        return tuple((channel, assignee) for channel, assignee in rows)

    def held_by(self, assignee: str, *, waiting: bool, limit: int) -> tuple[Held, ...]:
        """The open conversations of "user:NAME", in the order of the queue; those that wait for an answer, or all."""
        where = f"conversations.assignee = ? AND {_OPEN}"
        where += " AND conversations.last_sender <> 'person'" if waiting else ""
        return self._listed(f"{where} ORDER BY {_TURN_IN_QUEUE}, conversations.id LIMIT ?", (assignee, max(limit, 0)))

    def owners(self) -> Mapping[str, int]:
        """How many open conversations each user has, by "user:NAME"; those who have none are absent."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT assignee, count(*) FROM conversations WHERE assignee <> '' AND status = 'open'"
                " AND substr(assignee, 1, 5) = 'user:' GROUP BY assignee ORDER BY assignee"
            ).fetchall()
        )
        return dict(rows)

    def count_of(self, assignee: str) -> int:
        """How many conversations the user or team has that are not closed."""
        return self._database.read(
            lambda connection: int(
                connection.execute(
                    "SELECT count(*) FROM conversations WHERE assignee = ? AND assignee <> ''"
                    " AND status IN ('open', 'snoozed')",
                    (assignee,),
                ).fetchone()[0]
            )
        )

    def last_given(self, assignees: Iterable[str]) -> Mapping[str, datetime]:
        """When each "user:NAME" was given a conversation for the last time, UTC; those who never were are absent."""
        asked = json.dumps(list(assignees))
        rows = self._database.read(
            # One look into the index for each: it holds every conversation that was ever given.
            lambda connection: connection.execute(
                "SELECT value, (SELECT max(at) FROM givings WHERE assignee = value) FROM json_each(?)", (asked,)
            ).fetchall()
        )
        return {assignee: from_text(at) for assignee, at in rows if at}

    def records(self, conversation: str) -> tuple[HandoffRecord, ...]:
        """What people were told of the conversation each time they got it, oldest first."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT message, handoffs.at, summary, {RECAP_COLUMNS}"  # noqa: S608 - a constant
                " FROM handoffs LEFT JOIN recaps ON recaps.handoff = handoffs.id"
                " WHERE handoffs.conversation = ? ORDER BY handoffs.id",
                (conversation,),
            ).fetchall()
        )
        return tuple(map(_record, rows))

    def _listed(self, where: str, values: tuple[Any, ...]) -> tuple[Held, ...]:
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_HELD} FROM {CONVERSATIONS} WHERE {where}",  # noqa: S608 - constants of the room
                values,
            ).fetchall()
        )
        return tuple(map(_held, rows))


def note_handoff(connection: sqlite3.Connection, turn: Turn) -> None:
    """Keep what people are told, and who was given the conversation, within the turn's transaction."""
    conversation, at = turn.conversation.id, to_text(turn.at)
    last = "(SELECT coalesce(max(id), 0) FROM messages WHERE conversation = ?1)"
    if turn.summary is not None:
        connection.execute(
            f"INSERT INTO handoffs (conversation, message, at, summary) VALUES (?1, {last}, ?2, ?3)",  # noqa: S608 - a constant
            (conversation, at, json.dumps(asdict(turn.summary), ensure_ascii=False)),
        )
    if turn.assignee.startswith("user:") and turn.assignee != turn.conversation.assignee:
        connection.execute(
            f"INSERT INTO givings (conversation, assignee, message, at) VALUES (?1, ?2, {last}, ?3)",  # noqa: S608 - a constant
            (conversation, turn.assignee, at),
        )


def _held(row: Sequence[Any]) -> Held:
    given_at, last_sender, wrote_at, tried = row[-4:]
    return Held(
        conversation=conversation_of(row),
        waits=last_sender != "person",
        given_at=from_text(given_at) if given_at else None,
        wrote_at=from_text(wrote_at) if wrote_at else None,
        tried=tuple(json.loads(tried)),
    )


def _record(row: Sequence[Any]) -> HandoffRecord:
    message, at, summary, *tried = row
    recap, usage = recap_of(tried)
    return HandoffRecord(message=message, at=from_text(at), summary=_summary(summary), recap=recap, recap_usage=usage)


def _summary(text: str) -> HandoffSummary:
    kept = json.loads(text)
    return HandoffSummary(
        **{
            **kept,
            "asked": tuple(kept["asked"]),
            "tried": tuple(TriedSource(**tried) for tried in kept["tried"]),
        }
    )
