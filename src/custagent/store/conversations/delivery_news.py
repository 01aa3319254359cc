"""What providers tell of replies after they took them: in any order, more than once, even before we noted their ids.

A long reply goes out in several pieces, each with a fate of its own: it has failed when any has, and has come as far as
the one that has come least far, once the last is known.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any

from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate
from custagent.store.conversations.early_news import keep_early, note_until, reached, take_early
from custagent.store.conversations.settling import settle
from custagent.store.database.moments import to_text

#: How far a piece has come; what is not higher changes nothing.
_RANKS = {
    DeliveryStatus.SENT: 0,
    DeliveryStatus.DELIVERED: 1,
    DeliveryStatus.READ: 2,
    DeliveryStatus.FAILED: 3,
}


def note(connection: sqlite3.Connection, update: DeliveryUpdate, at: datetime) -> bool:
    """Whether the reply is one of this channel's; what the provider tells of it is written down then.

    What it gives back of ours is surer than its id: it may tell before we have noted that, and after a crash there may
    be two copies of a reply with an id each. That one copy failed says nothing of the other. What is told of an id that
    we do not know waits a day for it.
    """
    if update.until is not None:
        return note_until(connection, update, update.until, at)
    row = _row_of(connection, update)
    if row is None:
        keep_early(connection, update, at)
        return False
    outbound, noted, part, last = row
    receipt, known = update.receipt, update.receipt.external_id
    if update.sent_at is not None and last:
        connection.execute("UPDATE outbox SET sent_at = ? WHERE message = ?", (to_text(update.sent_at), outbound))
    if part > 0 or not last:
        _note_piece(connection, outbound, replace(update, part=part, last=last), at)
    elif receipt.status is not DeliveryStatus.FAILED or not known or noted in ("", known):
        settle(connection, outbound, receipt, at)
    catch_up(connection, outbound, at)
    return True


def catch_up(connection: sqlite3.Connection, outbound: int, at: datetime) -> None:
    """Let a reply come as far as was told before its ids, or the time of its sending, were noted."""
    for early in take_early(connection, outbound):
        note(connection, early, at)
    status = reached(connection, outbound)
    if status is not None:
        settle(connection, outbound, DeliveryReceipt(status=status), at)


def _row_of(connection: sqlite3.Connection, update: DeliveryUpdate) -> tuple[int, str, int, bool] | None:
    """The reply, the id that is noted of it, which piece is meant, and whether that is the last."""
    known = update.receipt.external_id
    select = "SELECT message, external_id FROM outbox WHERE channel = ?"
    row: Any = connection.execute(f"{select} AND message = ?", (update.channel, update.outbound)).fetchone()
    if row is not None:
        return row[0], row[1], update.part, update.last
    if not known:
        return None
    piece = connection.execute(
        "SELECT message, external_id, part, last FROM outbox_parts WHERE channel = ? AND external_id = ?"
        " AND external_id <> ''",
        (update.channel, known),
    ).fetchone()
    if piece is not None:
        return piece[0], piece[1], piece[2], bool(piece[3])
    by_id = f"{select} AND external_id = ? AND external_id <> '' ORDER BY message DESC"
    row = connection.execute(by_id, (update.channel, known)).fetchone()
    return (row[0], row[1], update.part, update.last) if row is not None else None


def _note_piece(connection: sqlite3.Connection, outbound: int, update: DeliveryUpdate, at: datetime) -> None:
    status, known = update.receipt.status, update.receipt.external_id
    if status not in _RANKS:
        return
    _keep_piece(connection, outbound, update)
    if status is DeliveryStatus.FAILED:
        # Whatever came before or after it, the contact has not read all of the reply.
        settle(connection, outbound, update.receipt, at)
        return
    # After a crash, sending goes on behind it.
    connection.execute(
        "UPDATE outbox SET parts_sent = max(parts_sent, ?) WHERE message = ? AND status = 'queued'",
        (update.part + 1, outbound),
    )
    come = _come(connection, outbound)
    if come is not None:
        settle(connection, outbound, DeliveryReceipt(status=come, external_id=known), at)


def _keep_piece(connection: sqlite3.Connection, outbound: int, update: DeliveryUpdate) -> None:
    status, known = update.receipt.status, update.receipt.external_id
    row = connection.execute(
        "SELECT status FROM outbox_parts WHERE message = ? AND part = ?", (outbound, update.part)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO outbox_parts (message, part, conversation, channel, external_id, status, last)"
            " SELECT message, ?, conversation, channel, ?, ?, ? FROM outbox WHERE message = ?",
            (update.part, known, status.value, int(update.last), outbound),
        )
        return
    further = _RANKS[status] > _RANKS[DeliveryStatus(row[0])]
    connection.execute(
        "UPDATE outbox_parts SET status = iif(?, ?, status), external_id = iif(external_id = '', ?, external_id)"
        " WHERE message = ? AND part = ?",
        (further, status.value, known, outbound, update.part),
    )


def _come(connection: sqlite3.Connection, outbound: int) -> DeliveryStatus | None:
    """How far all of it has come; None while not all pieces are known."""
    pieces = connection.execute(
        "SELECT part, last, status FROM outbox_parts WHERE message = ? ORDER BY part", (outbound,)
    ).fetchall()
    if not pieces or not pieces[-1][1] or len(pieces) != pieces[-1][0] + 1:
        return None
    return min((DeliveryStatus(status) for _, _, status in pieces), key=_RANKS.__getitem__)
