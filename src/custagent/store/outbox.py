"""Replies that are committed and not yet delivered, and what became of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from custagent.core.errors import UnknownName
from custagent.core.message import (
    CHARGED_KINDS,
    DeadLetter,
    DeliveryReceipt,
    DeliveryStatus,
    Message,
    OutboundMessage,
    Sender,
)
from custagent.core.ports import Clock, Outbox
from custagent.store.database import Database
from custagent.store.lease import check_fence
from custagent.store.ledger import charge_in_force, reverse_charge
from custagent.store.messages import MESSAGE_COLUMNS, message_of
from custagent.store.moments import from_text, to_text

_SELECT = (
    f"SELECT outbox.channel, contacts.key, outbox.attempts, outbox.error, outbox.changed_at, {MESSAGE_COLUMNS}"  # noqa: S608 - constants of this file
    " FROM outbox JOIN messages ON messages.id = outbox.message"
    " JOIN conversations ON conversations.id = outbox.conversation"
    " JOIN contacts ON contacts.id = conversations.contact"
)

#: What each status may become. A provider's words come late, twice and out of order: what is not here changes nothing.
_NEXT = {
    DeliveryStatus.QUEUED: frozenset(DeliveryStatus) - {DeliveryStatus.QUEUED},
    # Providers take a message and say later that it could not be delivered.
    DeliveryStatus.SENT: frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED}),
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.READ}),
    DeliveryStatus.READ: frozenset[DeliveryStatus](),
    DeliveryStatus.FAILED: frozenset[DeliveryStatus](),
    DeliveryStatus.DROPPED: frozenset[DeliveryStatus](),
}
_LOST = frozenset({DeliveryStatus.FAILED, DeliveryStatus.DROPPED})


class SqliteOutbox(Outbox):
    """The outbox in the database. An outbound message has the id of its message."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def due(self, at: datetime, *, limit: int, busy: Collection[str] = ()) -> tuple[OutboundMessage, ...]:
        """What is to be sent by now, longest due first; of each conversation only what is next in order.

        A clock that was set back makes nothing wait longer: what was put off "later than now" is due.
        """
        rows = self._database.read(
            lambda connection: connection.execute(
                f"{_SELECT} WHERE outbox.status = 'queued' AND (next_at <= ?1 OR changed_at > ?1)"  # noqa: S608 - constants of this file
                " AND outbox.conversation NOT IN (SELECT value FROM json_each(?2))"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS ahead WHERE ahead.conversation = outbox.conversation"
                " AND ahead.status = 'queued' AND ahead.message < outbox.message)"
                " ORDER BY next_at, outbox.message LIMIT ?3",
                (to_text(at), json.dumps(list(busy)), max(limit, 0)),
            ).fetchall()
        )
        return tuple(_outbound(row) for row in rows)

    def waits(self, outbound: int) -> bool:
        """Whether it is still to be sent."""
        return self._database.read(
            lambda connection: (
                connection.execute(
                    "SELECT 1 FROM outbox WHERE message = ? AND status = 'queued'", (outbound,)
                ).fetchone()
                is not None
            )
        )

    def record(self, outbound: int, receipt: DeliveryReceipt, at: datetime, *, fence: int = 0) -> None:
        """What became of it; when a charge lost its last reply by this, it is reversed in the same transaction."""

        def record(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            _record(connection, outbound, receipt, at)

        self._database.write(record)

    def retry(self, outbound: int, error: str, at: datetime, *, fence: int = 0) -> None:
        """It did not go out; try again at `at`. What is not queued any more stays as it is."""
        now = to_text(self._clock.now())

        def put_off(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            _require(connection, outbound)
            connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, next_at = ?, error = ?, changed_at = ?"
                " WHERE message = ? AND status = 'queued'",
                (to_text(at), error, now, outbound),
            )

        self._database.write(put_off)

    def drop_for(self, conversation: str, at: datetime, *, fence: int = 0) -> tuple[int, ...]:
        """Drop the agent's replies that wait for sending; which ones. A Turn that `withdraws` does it by itself."""

        def drop(connection: sqlite3.Connection) -> tuple[int, ...]:
            check_fence(connection, fence)
            return drop_queued(connection, conversation, at)

        return self._database.write(drop)

    def dead_letters(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The last replies that failed for good, newest first."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"{_SELECT} WHERE outbox.status = 'failed' ORDER BY outbox.message DESC LIMIT ?", (max(limit, 0),)
            ).fetchall()
        )
        return tuple(DeadLetter(outbound=_outbound(row), error=row[3], at=from_text(row[4])) for row in rows)

    def statuses(self, conversation: str) -> Mapping[int, DeliveryStatus]:
        """How far each reply of the conversation has come, by its message's id, in order."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT message, status FROM outbox WHERE conversation = ? ORDER BY message", (conversation,)
            ).fetchall()
        )
        return {message: DeliveryStatus(status) for message, status in rows}

    def sent_as(self, channel: str, external_id: str) -> int | None:
        """The outbound message that the provider knows by this id; None when it was never recorded."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT message FROM outbox WHERE channel = ? AND external_id = ? AND external_id <> ''"
                " ORDER BY message DESC",
                (channel, external_id),
            ).fetchone()
        )
        return int(row[0]) if row else None


def queue(connection: sqlite3.Connection, message: Message, channel: str) -> None:
    """Put a reply into the outbox, in the transaction that writes it. It is due at once."""
    charge = charge_in_force(connection, message.conversation) if message.kind in CHARGED_KINDS else None
    connection.execute(
        "INSERT INTO outbox (message, channel, conversation, sender, status, charge, changed_at)"
        " VALUES (?, ?, ?, ?, 'queued', ?, ?)",
        (
            message.id,
            channel,
            message.conversation,
            message.sender.value,
            charge.id if charge else None,
            to_text(message.at),
        ),
    )


def drop_queued(connection: sqlite3.Connection, conversation: str, at: datetime) -> tuple[int, ...]:
    """Drop the agent's queued replies within a transaction; which ones. What people wrote still goes out."""
    rows = connection.execute(
        "SELECT message FROM outbox WHERE conversation = ? AND status = 'queued' AND sender = ? ORDER BY message",
        (conversation, Sender.AGENT.value),
    ).fetchall()
    dropped = tuple(int(message) for (message,) in rows)
    for message in dropped:
        _record(connection, message, DeliveryReceipt(status=DeliveryStatus.DROPPED), at)
    return dropped


def _record(connection: sqlite3.Connection, outbound: int, receipt: DeliveryReceipt, at: datetime) -> None:
    status, conversation, charge = _require(connection, outbound)
    if receipt.external_id:
        # Also when its status is old: "delivered" may arrive before our own note of having sent it.
        connection.execute(
            "UPDATE outbox SET external_id = ? WHERE message = ? AND external_id = ''", (receipt.external_id, outbound)
        )
    if receipt.status not in _NEXT[status]:
        return
    connection.execute(
        "UPDATE outbox SET status = ?, error = ?, changed_at = ? WHERE message = ?",
        (receipt.status.value, receipt.error, to_text(at), outbound),
    )
    if charge is not None and receipt.status in _LOST:
        _reverse_if_lost(connection, conversation, charge, at)


def _reverse_if_lost(connection: sqlite3.Connection, conversation: str, charge: int, at: datetime) -> None:
    """Give the charge back when none of the replies that it paid for arrived, or can arrive any more (CRED-2)."""
    standing = charge_in_force(connection, conversation)
    if standing is None or standing.id != charge:
        return
    alive = connection.execute(
        "SELECT 1 FROM outbox WHERE charge = ? AND status NOT IN ('failed', 'dropped') LIMIT 1", (charge,)
    ).fetchone()
    if alive is None:
        reverse_charge(connection, standing, at)


def _require(connection: sqlite3.Connection, outbound: int) -> tuple[DeliveryStatus, str, int | None]:
    row = connection.execute(
        "SELECT status, conversation, charge FROM outbox WHERE message = ?", (outbound,)
    ).fetchone()
    if row is None:
        raise UnknownName(
            f"The outbox holds no reply {outbound}.", hint="`custagent conversations show ID` lists the replies."
        )
    return DeliveryStatus(row[0]), row[1], row[2]


def _outbound(row: Sequence[Any]) -> OutboundMessage:
    message = message_of(row[5:])
    return OutboundMessage(id=message.id, message=message, channel=row[0], contact_key=row[1], attempts=row[2])
