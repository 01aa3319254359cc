"""The chain of credit entries: each one covers all of itself and the hash of the one before (R5)."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from custagent.core.credit import CreditEntry, CreditKind
from custagent.core.errors import StoreError
from custagent.core.ids import content_hash
from custagent.store.database.moments import from_text, to_text

#: The table's columns in its order, for `entry_of` and `hash_of`.
COLUMNS = "id, key, kind, amount, conversation, reverses, policy, at, previous_hash, hash"
#: That an entry is a charge which stands.
UNREVERSED = (
    "credit_entries.kind = 'charge' AND NOT EXISTS"
    " (SELECT 1 FROM credit_entries AS reversal WHERE reversal.reverses = credit_entries.id)"
)


def append_once(
    connection: sqlite3.Connection,
    kind: CreditKind,
    amount: int,
    *,
    key: str,
    policy: str,
    at: datetime,
    conversation: str = "",
    reverses: int | None = None,
) -> CreditEntry:
    """Add an entry to the chain, in the transaction of what it belongs to; `key` makes it happen once.

    The same key with the same body gives the entry that stands; with another body it raises StoreError (R5).
    """
    standing = find_entry(connection, "key = ?", key)
    if standing is not None:
        if _body(standing) != (kind, amount, conversation, reverses, policy):
            raise StoreError(
                f"The credit entry {key!r} exists already, and says something else"
                f" ({standing.kind.value} of {standing.amount}, not {kind.value} of {amount}).",
                hint="Entries are never changed. `custagent credits entries` shows it; choose another key.",
            )
        return standing
    last = connection.execute("SELECT id, hash FROM credit_entries ORDER BY id DESC LIMIT 1").fetchone()
    last_id, previous_hash = last or (0, "")
    body = (last_id + 1, key, kind.value, amount, conversation, reverses, policy, to_text(at), previous_hash)
    row = (*body, hash_of(*body))
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO credit_entries ({COLUMNS}) VALUES ({marks})", row)  # noqa: S608 - constants of this file
    return entry_of(row)


def find_entry(connection: sqlite3.Connection, condition: str, value: str | int) -> CreditEntry | None:
    """The entry that meets the condition, of which `value` fills the mark."""
    row = connection.execute(f"SELECT {COLUMNS} FROM credit_entries WHERE {condition}", (value,)).fetchone()  # noqa: S608 - constants of the room
    return entry_of(row) if row else None


def hash_of(*fields: str | int | None) -> str:
    """SHA-256 over all columns but the hash itself, in the table's order, as text; "" stands for no reversal."""
    return content_hash(*("" if field is None else str(field) for field in fields))


def entry_of(row: tuple[Any, ...]) -> CreditEntry:
    """The value of a row of COLUMNS."""
    return CreditEntry(
        id=row[0],
        key=row[1],
        kind=CreditKind(row[2]),
        amount=row[3],
        conversation=row[4],
        reverses=row[5],
        policy=row[6],
        at=from_text(row[7]),
        previous_hash=row[8],
        hash=row[9],
    )


def _body(entry: CreditEntry) -> tuple[CreditKind, int, str, int | None, str]:
    return entry.kind, entry.amount, entry.conversation, entry.reverses, entry.policy
