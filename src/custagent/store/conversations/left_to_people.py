"""Messages that the agent must leave to people: recorded, opened for them, and nothing said by itself.

And contacts who asked the agent to be silent: until they ask for replies again, people have whatever they write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

from custagent.core.conversation import Arrival, Conversation, Event, OptsFor, Status, Turn, transition
from custagent.core.handoff import HandoffSummary
from custagent.core.message import Message, MessageKind, Sender
from custagent.store.conversations.handoffs import note_handoff
from custagent.store.conversations.messages import add_message, mark_handled
from custagent.store.conversations.outbox import drop_queued
from custagent.store.conversations.outgoing import queue
from custagent.store.conversations.threads import note_reply
from custagent.store.database.database import Database
from custagent.store.database.moments import to_text

#: Why people have what a silent agent leaves to them.
OPTED_OUT = "opted-out"


def leave_to_people(
    connection: sqlite3.Connection, conversation: Conversation, message: Message, arrival: Arrival, at: datetime
) -> None:
    """People have the conversation from now on, unless they have it already; they are told why."""
    if conversation.status is Status.PENDING:
        drop_queued(connection, conversation.id, at)
        status = transition(conversation.status, Event.HANDED_OFF)
        connection.execute(
            "UPDATE conversations SET status = ?1, assignee = ?2, assigned_at = iif(?2 = '', NULL, ?3),"
            " waiting_since = ?3, version = version + 1 WHERE id = ?4",
            (status.value, arrival.queue, to_text(at), conversation.id),
        )
    elif not _was_told(connection, conversation.id):
        connection.execute(
            "UPDATE conversations SET assignee = ?1, assigned_at = iif(?1 = '', NULL, ?2)"
            " WHERE id = ?3 AND assignee = ''",
            (arrival.queue, to_text(at), conversation.id),
        )
    else:
        return
    summary = HandoffSummary(
        reason=arrival.message.for_people or OPTED_OUT,
        language=conversation.language,
        asked=(message.id,),
        open_question=message.id,
    )
    note_handoff(connection, Turn(conversation=conversation, status=Status.OPEN, summary=summary, at=at))


def is_opted_out(connection: sqlite3.Connection, conversation: Conversation) -> bool:
    """Whether its contact asked the agent to be silent."""
    row = connection.execute("SELECT 1 FROM opt_outs WHERE contact = ?", (conversation.contact.id,)).fetchone()
    return row is not None


def opt(
    connection: sqlite3.Connection, conversation: Conversation, message: Message, arrival: Arrival, at: datetime
) -> None:
    """The agent is silent from now on, or is not any more. It is confirmed once; the message is dealt with."""
    before = is_opted_out(connection, conversation)
    silent = arrival.opts is OptsFor.SILENCE
    if not (silent or before):
        return  # a message like any other
    if silent:
        connection.execute(
            "INSERT INTO opt_outs (contact, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (conversation.contact.id, to_text(at)),
        )
        drop_queued(connection, conversation.id, at)
    else:
        connection.execute("DELETE FROM opt_outs WHERE contact = ?", (conversation.contact.id,))
    mark_handled(connection, conversation.id, [message.id])
    if silent and conversation.status is Status.PENDING:
        # Whatever else it still owed an answer, it does not any more.
        mark_handled(connection, conversation.id)
    if (silent and before) or not arrival.confirmation:
        return
    said = add_message(
        connection,
        Message(
            conversation=conversation.id,
            sender=Sender.AGENT,
            kind=MessageKind.OPT_OUT,
            text=arrival.confirmation,
            language=conversation.language,
            at=at,
        ),
    )
    queue(connection, said, conversation)
    note_reply(connection, said, at)
    connection.execute("UPDATE conversations SET version = version + 1 WHERE id = ?", (conversation.id,))


def _was_told(connection: sqlite3.Connection, conversation: str) -> bool:
    row = connection.execute("SELECT 1 FROM handoffs WHERE conversation = ? LIMIT 1", (conversation,)).fetchone()
    return row is not None


class OptOuts:
    """Contacts who asked the agent to be silent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def among(self, contacts: Collection[int]) -> frozenset[int]:
        """Those of these contacts who did."""
        if not contacts:
            return frozenset()
        marks = ", ".join("?" * len(contacts))
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT contact FROM opt_outs WHERE contact IN ({marks})",  # noqa: S608 - question marks
                tuple(contacts),
            ).fetchall()
        )
        return frozenset(row[0] for row in rows)
