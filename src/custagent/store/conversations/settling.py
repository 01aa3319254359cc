"""What became of a reply, within a transaction: its status never goes back, and a charge goes with its last reply."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from custagent.core.errors import UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.store.database.moments import to_text
from custagent.store.ledger.ledger import charge_in_force, reverse_charge

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


def settle(connection: sqlite3.Connection, outbound: int, receipt: DeliveryReceipt, at: datetime) -> None:
    """Note within a transaction what became of a reply; see `SqliteOutbox.record`."""
    status, conversation, charge = require_row(connection, outbound)
    if receipt.external_id:
        # Also when its status is old: "delivered" may arrive before our own note of having sent it.
        connection.execute(
            "UPDATE outbox SET external_id = ? WHERE message = ? AND external_id = ''", (receipt.external_id, outbound)
        )
    if receipt.status not in _NEXT[status]:
        return
    connection.execute(
        "UPDATE outbox SET status = ?1, error = ?2, changed_at = ?3,"
        " sent_at = iif(?1 IN ('sent', 'delivered', 'read') AND sent_at = '', ?3, sent_at) WHERE message = ?4",
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


def require_row(connection: sqlite3.Connection, outbound: int) -> tuple[DeliveryStatus, str, int | None]:
    """The status, conversation and charge of a row. Raises UnknownName."""
    row = connection.execute(
        "SELECT status, conversation, charge FROM outbox WHERE message = ?", (outbound,)
    ).fetchone()
    if row is None:
        raise UnknownName(
            f"The outbox holds no reply {outbound}.", hint="`custagent conversations show ID` lists the replies."
        )
    return DeliveryStatus(row[0]), row[1], row[2]
