"""Replies that are committed and not yet delivered, and what became of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime

from custagent.core.message import (
    DeadLetter,
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.core.ports import Clock, Outbox
from custagent.store.conversations.delivery_news import catch_up, note
from custagent.store.conversations.early_news import forget_early
from custagent.store.conversations.outgoing import asked_last, outbound_of, outbound_rows
from custagent.store.conversations.settling import require_row, settle
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text

#: Told where a reason to wait is told: claims need no column of their own.
SENDING = "it is being sent"
_UNSURE = "the runner ended while it was being sent; it waits a moment for the provider's word"
#: What waits for the contact of the conversation ?4.
_OF_SAME_CONTACT = (
    "conversation IN (SELECT id FROM conversations WHERE contact = (SELECT contact FROM conversations WHERE id = ?4))"
)


class SqliteOutbox(Outbox):
    """The outbox in the database. An outbound message has the id of its message."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def due(
        self, at: datetime, *, limit: int, busy: Collection[str] = (), resting: Collection[str] = ()
    ) -> tuple[OutboundMessage, ...]:
        """What is to be sent by now, longest due first; of each conversation only what is next in order.

        A clock that was set back makes nothing wait longer: what was put off "later than now" is due.
        """
        rows = self._database.read(
            lambda connection: outbound_rows(
                connection,
                "SELECT outbox.message FROM outbox WHERE outbox.status = 'queued' AND (next_at <= ?1 OR changed_at > ?1)"
                " AND outbox.conversation NOT IN (SELECT value FROM json_each(?2))"
                " AND outbox.channel NOT IN (SELECT value FROM json_each(?4))"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS ahead WHERE ahead.conversation = outbox.conversation"
                " AND ahead.status = 'queued' AND ahead.message < outbox.message)"
                " ORDER BY next_at, outbox.message LIMIT ?3",
                (to_text(at), json.dumps(list(busy)), max(limit, 0), json.dumps(list(resting))),
                order="outbox.next_at, outbox.message",
            )
        )
        return tuple(outbound_of(row) for row in rows)

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

    def claim(self, outbound: int, until: datetime, *, fence: int = 0) -> bool:
        """Whether it is still to be sent; then it is noted that it is being sent, and it is not due before `until`."""
        now = to_text(self._clock.now())

        def claim(connection: sqlite3.Connection) -> bool:
            check_fence(connection, fence)
            claimed = connection.execute(
                "UPDATE outbox SET error = ?, next_at = ?, changed_at = ? WHERE message = ? AND status = 'queued'",
                (SENDING, to_text(until), now, outbound),
            )
            return claimed.rowcount > 0

        return self._database.write(claim)

    def unclaim(self, outbound: int, *, parts_sent: int = 0, fence: int = 0) -> None:
        """It was not sent for sure, or only `parts_sent` pieces of it: it is due as it was before."""

        def unclaim(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "UPDATE outbox SET error = '', next_at = '' WHERE message = ? AND status = 'queued' AND error = ?",
                (outbound, SENDING),
            )
            _keep_parts(connection, outbound, parts_sent)

        self._database.write(unclaim)

    def take_over(self, until: datetime, *, fence: int = 0) -> int:
        """What was being sent when the runner before ended waits `until` then; how many. Once only: see the port."""
        now = to_text(self._clock.now())

        def take_over(connection: sqlite3.Connection) -> int:
            check_fence(connection, fence)
            return connection.execute(
                "UPDATE outbox SET error = ?, next_at = ?, changed_at = ? WHERE status = 'queued' AND error = ?",
                (_UNSURE, to_text(until), now, SENDING),
            ).rowcount

        return self._database.write(take_over)

    def record(self, outbound: int, receipt: DeliveryReceipt, at: datetime, *, fence: int = 0) -> None:
        """What became of it; when a charge lost its last reply by this, it is reversed in the same transaction."""

        def record(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            settle(connection, outbound, receipt, at)
            catch_up(connection, outbound, at)

        self._database.write(record)

    def retry(
        self,
        outbound: int,
        error: str,
        at: datetime,
        *,
        whole_contact: bool = False,
        parts_sent: int = 0,
        fence: int = 0,
    ) -> None:
        """It did not go out; try again at `at`. What is not queued any more stays as it is.

        With `whole_contact` everything that waits for the contact waits as long, without a try being counted.
        """
        now = to_text(self._clock.now())

        def put_off(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            _, conversation, _ = require_row(connection, outbound)
            connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, next_at = ?, error = ?, changed_at = ?"
                " WHERE message = ? AND status = 'queued'",
                (to_text(at), error, now, outbound),
            )
            _keep_parts(connection, outbound, parts_sent)
            if whole_contact:
                _hold(connection, _OF_SAME_CONTACT, conversation, (error, to_text(at), now))

        self._database.write(put_off)

    def hold(self, channel: str, error: str, until: datetime, *, fence: int = 0) -> None:
        """Nothing goes out on the channel before `until`; no try is counted. What waits longer anyway stays so."""
        now = to_text(self._clock.now())

        def hold(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            _hold(connection, "channel = ?4", channel, (error, to_text(until), now))

        self._database.write(hold)

    def resume(self, channel: str, until: datetime, *, fence: int = 0) -> None:
        """What was held `until` then is due at once. What was put off for a reason of its own still waits."""

        def resume(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "UPDATE outbox SET next_at = '' WHERE channel = ? AND next_at = ? AND status = 'queued'",
                (channel, to_text(until)),
            )

        self._database.write(resume)

    def expire(self, channel: str, before: datetime, error: str, at: datetime, *, fence: int = 0) -> tuple[int, ...]:
        """Give up what was written before then and still waits on the channel; which ones. Charges go back (CRED-2)."""

        def expire(connection: sqlite3.Connection) -> tuple[int, ...]:
            check_fence(connection, fence)
            rows = connection.execute(
                "SELECT message FROM outbox JOIN messages ON messages.id = outbox.message"
                " WHERE outbox.channel = ? AND outbox.status = 'queued' AND messages.at <= ? ORDER BY message",
                (channel, to_text(before)),
            ).fetchall()
            for (message,) in rows:
                settle(connection, message, DeliveryReceipt(status=DeliveryStatus.FAILED, error=error), at)
            return tuple(message for (message,) in rows)

        return self._database.write(expire)

    def drop_for(self, conversation: str, at: datetime, *, fence: int = 0) -> tuple[int, ...]:
        """Drop the agent's replies that wait for sending; which ones. A Turn that `withdraws` does it by itself."""

        def drop(connection: sqlite3.Connection) -> tuple[int, ...]:
            check_fence(connection, fence)
            return drop_queued(connection, conversation, at)

        return self._database.write(drop)

    def dead_letters(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The last replies that failed for good, newest first."""
        rows = self._database.read(
            lambda connection: outbound_rows(
                connection,
                "SELECT outbox.message FROM outbox WHERE outbox.status = 'failed' ORDER BY outbox.message DESC LIMIT ?",
                (max(limit, 0),),
                order="outbox.message DESC",
            )
        )
        return tuple(DeadLetter(outbound=outbound_of(row), error=row[3], at=from_text(row[4])) for row in rows)

    def statuses(self, conversation: str) -> Mapping[int, DeliveryStatus]:
        """How far each reply of the conversation has come, by its message's id, in order."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT message, status FROM outbox WHERE conversation = ? ORDER BY message", (conversation,)
            ).fetchall()
        )
        return {message: DeliveryStatus(status) for message, status in rows}

    def asked_last(self, conversation: str) -> RepliedTo | None:
        """What the contact wrote last, as a channel knows it; None where nothing was, or it came by another channel."""
        return self._database.read(lambda connection: asked_last(connection, conversation))

    def fault_of(self, outbound: int) -> str:
        """Why it was not delivered, the last time; "" where nothing is known."""
        row = self._database.read(
            lambda connection: connection.execute("SELECT error FROM outbox WHERE message = ?", (outbound,)).fetchone()
        )
        return str(row[0]) if row else ""

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

    def note_all_soon(self, updates: Sequence[DeliveryUpdate], at: datetime, *, fence: int = 0) -> Future[int]:
        """What a provider tells of replies, in one transaction; for callers that must not block. How many are known.

        The future raises LeaseHeld when the lease `fence` is not the live one.
        """

        def note_all(connection: sqlite3.Connection) -> int:
            check_fence(connection, fence)
            forget_early(connection, at)
            return sum(note(connection, update, at) for update in updates)

        return self._database.write_soon(note_all)


def _keep_parts(connection: sqlite3.Connection, outbound: int, parts_sent: int) -> None:
    """So many pieces have gone out; what a provider told of more of them stays."""
    if parts_sent:
        connection.execute(
            "UPDATE outbox SET parts_sent = max(parts_sent, ?) WHERE message = ? AND status = 'queued'",
            (parts_sent, outbound),
        )


def drop_queued(connection: sqlite3.Connection, conversation: str, at: datetime) -> tuple[int, ...]:
    """Drop the agent's queued replies within a transaction; which ones. What people wrote still goes out."""
    rows = connection.execute(
        "SELECT message FROM outbox WHERE conversation = ? AND status = 'queued' AND sender = ? ORDER BY message",
        (conversation, Sender.AGENT.value),
    ).fetchall()
    dropped = tuple(int(message) for (message,) in rows)
    for message in dropped:
        settle(connection, message, DeliveryReceipt(status=DeliveryStatus.DROPPED), at)
    return dropped


def _hold(connection: sqlite3.Connection, condition: str, value: str, held: tuple[str, str, str]) -> None:
    """Let what meets the condition, of which `value` fills ?4, wait: `held` is why, until when, and now.

    What is being sent just now is left alone: a crash must still tell that it was.
    """
    connection.execute(
        f"UPDATE outbox SET error = ?1, next_at = ?2, changed_at = ?3"  # noqa: S608 - constants of this file
        f" WHERE status = 'queued' AND next_at < ?2 AND error <> ?5 AND {condition}",
        (*held, value, SENDING),
    )
