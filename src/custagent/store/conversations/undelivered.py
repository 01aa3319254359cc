"""Replies that have not arrived, as people see them: what waits, what is put off, what was given up, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from custagent.core.conversation import Charge, Status
from custagent.core.errors import Overtaken, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, Sender
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.conversations.outbox import SENDING
from custagent.store.conversations.settling import settle
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text
from custagent.store.ledger.ledger import recharge

_COLUMNS = (
    "outbox.message, outbox.conversation, outbox.channel, outbox.sender, messages.kind, outbox.status,"
    " outbox.attempts, outbox.error, outbox.next_at, messages.at, conversations.status, conversations.closed_from,"
    " outbox.changed_at"
)
_SELECT = (
    f"SELECT {_COLUMNS} FROM outbox JOIN messages ON messages.id = outbox.message"  # noqa: S608 - constants of this file
    " JOIN conversations ON conversations.id = outbox.conversation"
)
#: What the agent says as it hands over: true until a person has said something.
_HANDING_OVER = frozenset({MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE, MessageKind.OUT_OF_CREDITS})
_PEOPLES = frozenset({Status.OPEN, Status.SNOOZED})


class ReplyState(StrEnum):
    """Why a reply has not arrived."""

    #: It goes out next, or after the one ahead of it in its conversation, or is being sent.
    WAITING = "waiting"
    #: It did not go out, or its channel is out; it is tried again at a time.
    PUT_OFF = "put-off"
    #: It is not tried any more: a dead letter.
    FAILED = "failed"


#: The rows of each state at the moment ?2, and of all of them. What was put off before the clock was set back is due.
_OF_STATE: Mapping[ReplyState | None, str] = {
    ReplyState.WAITING: "outbox.status = 'queued'"
    f" AND (outbox.next_at <= ?2 OR outbox.changed_at > ?2 OR outbox.error = '{SENDING}')",
    ReplyState.PUT_OFF: "outbox.status = 'queued'"
    f" AND outbox.next_at > ?2 AND outbox.changed_at <= ?2 AND outbox.error <> '{SENDING}'",
    ReplyState.FAILED: "outbox.status = 'failed'",
    None: "outbox.status IN ('queued', 'failed')",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredReply:
    """A reply that has not arrived. Its text is that of its message."""

    #: The message's, which the commands take.
    id: int
    conversation: str
    channel: str
    sender: Sender
    kind: MessageKind
    state: ReplyState
    #: How often it was tried in vain.
    attempts: int
    #: Why it did not go out the last time; "" when it was never tried.
    error: str
    #: When it is tried again, UTC; None for at once, and for a dead letter.
    next_at: datetime | None
    #: When it was written, UTC.
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    reply: UndeliveredReply
    status: DeliveryStatus
    #: People have its conversation, or had it when it was closed.
    with_people: bool


class Undelivered:
    """The part of the outbox that people look after."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, at: datetime, *, channel: str | None = None, state: ReplyState | None = None, limit: int | None = None
    ) -> tuple[UndeliveredReply, ...]:
        """The replies that have not arrived by `at`, in the order of writing; with `limit` the last so many."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT * FROM ({_SELECT} WHERE {_OF_STATE[state]} AND (?1 IS NULL OR outbox.channel = ?1)"  # noqa: S608 - constants of this file
                " ORDER BY outbox.message DESC LIMIT ?3) ORDER BY 1",
                (channel, to_text(at), -1 if limit is None else max(limit, 0)),
            ).fetchall()
        )
        return tuple(_kept(row, at).reply for row in rows)

    def retry(self, reply: int, at: datetime, *, charge: Charge | None = None, audit: AuditEntry | None = None) -> None:
        """Put a dead letter back, as if it had never been tried; one that is put off is tried at once.

        A charge that was given back when it failed is made again in the same transaction (CRED-2): `charge` is what a
        reply in its conversation costs. Raises UnknownName; Overtaken for a reply that arrived, was dropped, or is the
        agent's in a conversation that people have by now; OutOfCredits.
        """

        def retry(connection: sqlite3.Connection) -> None:
            kept = _require(connection, reply, at)
            if kept.status not in (DeliveryStatus.QUEUED, DeliveryStatus.FAILED):
                raise _too_late(kept)
            if kept.status is DeliveryStatus.FAILED:
                _refuse_a_second_voice(connection, kept)
            # A receipt for the try before must not touch this one, so that one's id is forgotten. One that is being sent
            # just now is being tried.
            connection.execute(
                "UPDATE outbox SET status = 'queued', attempts = 0, next_at = '', error = '', external_id = '',"
                " sent_at = '',"
                " changed_at = ?, parts_sent = iif(EXISTS (SELECT 1 FROM outbox_parts WHERE outbox_parts.message ="
                " outbox.message AND outbox_parts.status = 'failed'), 0, parts_sent) WHERE message = ? AND error <> ?",
                (to_text(at), reply, SENDING),
            )
            connection.execute("DELETE FROM outbox_parts WHERE message = ? AND status = 'failed'", (reply,))
            if kept.status is DeliveryStatus.FAILED:
                recharge(connection, reply, charge, at)
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(retry)

    def drop(self, reply: int, at: datetime, *, audit: AuditEntry | None = None) -> None:
        """Give a reply up; what waits behind it goes on. Its charge is given back by the rule of CRED-2.

        Raises UnknownName; Overtaken for a reply that arrived or was dropped.
        """

        def drop(connection: sqlite3.Connection) -> None:
            kept = _require(connection, reply, at)
            if kept.status not in (DeliveryStatus.QUEUED, DeliveryStatus.FAILED):
                raise _too_late(kept)
            settle(connection, reply, DeliveryReceipt(status=DeliveryStatus.DROPPED, error=kept.reply.error), at)
            # A dead letter's charge went back when it failed; it is only seen no more.
            connection.execute("UPDATE outbox SET status = 'dropped' WHERE message = ? AND status = 'failed'", (reply,))
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(drop)


def _refuse_a_second_voice(connection: sqlite3.Connection, kept: _Kept) -> None:
    """A person has the conversation: what the agent meant to say before must not come in between (HND-4)."""
    reply = kept.reply
    if reply.sender is not Sender.AGENT or not kept.with_people:
        return
    answered = connection.execute(
        "SELECT 1 FROM messages WHERE conversation = ? AND id > ? AND sender = 'person' LIMIT 1",
        (reply.conversation, reply.id),
    ).fetchone()
    if reply.kind in _HANDING_OVER and answered is None:
        return
    raise Overtaken(
        f"Reply {reply.id} is the agent's, and people have the conversation {reply.conversation} by now:"
        " it was not put back.",
        hint=f"Write to the contact yourself, then give it up with `custagent outbox drop {reply.id}`.",
    )


def _too_late(kept: _Kept) -> Overtaken:
    became = "was given up before" if kept.status is DeliveryStatus.DROPPED else "has gone out to the contact"
    return Overtaken(
        f"Reply {kept.reply.id} {became}: nothing was changed.",
        hint="`custagent outbox list` shows what has not arrived.",
    )


def _require(connection: sqlite3.Connection, reply: int, at: datetime) -> _Kept:
    row = connection.execute(f"{_SELECT} WHERE outbox.message = ?", (reply,)).fetchone()
    if row is None:
        raise UnknownName(
            f"The outbox holds no reply {reply}.", hint="`custagent outbox list` shows what has not arrived."
        )
    return _kept(row, at)


def _kept(row: Sequence[Any], at: datetime) -> _Kept:
    status, next_at = DeliveryStatus(row[5]), from_text(row[8]) if row[8] else None
    state = ReplyState.FAILED
    if status is DeliveryStatus.QUEUED:
        # What was put off before the clock was set back is due (`SqliteOutbox.due`).
        off = next_at is not None and next_at > at and from_text(row[12]) <= at and row[7] != SENDING
        state = ReplyState.PUT_OFF if off else ReplyState.WAITING
    reply = UndeliveredReply(
        id=row[0],
        conversation=row[1],
        channel=row[2],
        sender=Sender(row[3]),
        kind=MessageKind(row[4]),
        state=state,
        attempts=row[6],
        error=row[7],
        next_at=next_at if state is ReplyState.PUT_OFF else None,
        written_at=from_text(row[9]),
    )
    return _Kept(reply=reply, status=status, with_people=Status(row[11] or row[10]) in _PEOPLES)
