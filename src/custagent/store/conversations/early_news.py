"""What providers tell of replies before it can be applied: of an id that is not noted yet, or of all until a moment.

Both wait in tables of their own, so that nothing is lost when the runner is killed between a provider's taking a reply
and our note of its id.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate
from custagent.store.conversations.settling import settle
from custagent.store.database.moments import to_text

#: How long news of an unknown id waits. Echoes and our own notes come within seconds, after an outage within hours.
EARLY_KEPT = timedelta(days=1)
#: What is kept of an id: that the provider took it tells nothing.
_EARLY = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED})


def keep_early(connection: sqlite3.Connection, update: DeliveryUpdate, at: datetime) -> None:
    """Keep what is told of an id that is noted nowhere; of one that it tells with a number of ours, nothing is to come."""
    receipt = update.receipt
    if update.outbound or not receipt.external_id or receipt.status not in _EARLY:
        return
    connection.execute(
        "INSERT INTO early_updates (channel, external_id, status, error, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (channel, external_id) DO UPDATE SET status = 'read'"
        " WHERE status = 'delivered' AND excluded.status = 'read'",
        (update.channel, receipt.external_id, receipt.status.value, receipt.error, to_text(at)),
    )


def take_early(connection: sqlite3.Connection, outbound: int) -> tuple[DeliveryUpdate, ...]:
    """What was kept of the ids that are noted of this reply and its pieces; it is not kept any longer."""
    rows = connection.execute(
        "DELETE FROM early_updates WHERE (channel, external_id) IN (SELECT channel, external_id FROM outbox"
        " WHERE message = ?1 UNION SELECT channel, external_id FROM outbox_parts WHERE message = ?1)"
        " RETURNING channel, external_id, status, error",
        (outbound,),
    ).fetchall()
    return tuple(
        DeliveryUpdate(
            channel=channel,
            receipt=DeliveryReceipt(status=DeliveryStatus(status), external_id=external_id, error=error),
        )
        for channel, external_id, status, error in rows
    )


def forget_early(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget what waited for too long."""
    connection.execute("DELETE FROM early_updates WHERE at < ?", (to_text(now - EARLY_KEPT),))


def note_until(connection: sqlite3.Connection, update: DeliveryUpdate, until: datetime, at: datetime) -> bool:
    """Whether the contact is known; then what had gone out to it by `until` has come as far as is told.

    It is kept for what we only learn of later: the watermark may come before the reply's echo.
    """
    contact = _contact_of(connection, update.channel, update.contact_key)
    if contact is None:
        return False
    connection.execute(
        "INSERT INTO watermarks (contact, status, until) VALUES (?, ?, ?)"
        " ON CONFLICT (contact, status) DO UPDATE SET until = max(until, excluded.until)",
        (contact, update.receipt.status.value, to_text(until)),
    )
    rows = connection.execute(
        "SELECT message FROM outbox JOIN conversations ON conversations.id = outbox.conversation"
        " WHERE conversations.contact = ? AND outbox.channel = ? AND outbox.contact_key = ''"
        " AND outbox.status IN ('sent', 'delivered') AND outbox.sent_at <> '' AND outbox.sent_at <= ? ORDER BY message",
        (contact, update.channel, to_text(until)),
    ).fetchall()
    for (message,) in rows:
        settle(connection, message, update.receipt, at)
    return True


def reached(connection: sqlite3.Connection, outbound: int) -> DeliveryStatus | None:
    """How far a reply has come by what is kept of its contact; None where that tells nothing of it."""
    rows = connection.execute(
        "SELECT watermarks.status FROM outbox JOIN conversations ON conversations.id = outbox.conversation"
        " JOIN watermarks ON watermarks.contact = conversations.contact AND watermarks.until >= outbox.sent_at"
        " JOIN contacts ON contacts.id = conversations.contact AND contacts.channel = outbox.channel"
        " WHERE outbox.message = ? AND outbox.status IN ('sent', 'delivered') AND outbox.sent_at <> ''"
        " AND outbox.contact_key = ''",
        (outbound,),
    ).fetchall()
    told = {DeliveryStatus(status) for (status,) in rows}
    return next((one for one in (DeliveryStatus.READ, DeliveryStatus.DELIVERED) if one in told), None)


def _contact_of(connection: sqlite3.Connection, channel: str, key: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM contacts WHERE channel = ?1 AND key = ?2"
        " UNION ALL SELECT contact FROM identities WHERE channel = ?1 AND value = ?2 LIMIT 1",
        (channel, key),
    ).fetchone()
    return int(row[0]) if row else None
