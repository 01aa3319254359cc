"""The ledger of credits. Entries are signed and never changed or deleted; the balance is their sum (CRED-2)."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from custagent.core.conversation import Charge
from custagent.core.credit import CreditEntry, CreditKind
from custagent.core.errors import StoreError
from custagent.core.ids import content_hash
from custagent.store.database import Database
from custagent.store.moments import from_text, to_text

_COLUMNS = "id, key, kind, amount, conversation, reverses, policy, at, previous_hash, hash"
_UNREVERSED = (
    "kind = 'charge' AND NOT EXISTS"
    " (SELECT 1 FROM credit_entries AS reversal WHERE reversal.reverses = credit_entries.id)"
)


class Ledger:
    """The credit entries of the workspace. The tables' own triggers keep its rules, whatever program writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self) -> tuple[CreditEntry, ...]:
        """All entries in the order of writing."""
        rows = self._database.read(
            lambda connection: connection.execute(f"SELECT {_COLUMNS} FROM credit_entries ORDER BY id").fetchall()  # noqa: S608 - constants of this file
        )
        return tuple(_entry(row) for row in rows)

    def balance(self) -> int:
        """The sum of all entries, in credits; 0 for an empty ledger."""
        return self._database.read(
            lambda connection: int(
                connection.execute("SELECT coalesce(sum(amount), 0) FROM credit_entries").fetchone()[0]
            )
        )

    def append(self, kind: CreditKind, amount: int, *, key: str, policy: str, at: datetime) -> CreditEntry:
        """Write a grant, an adjustment or an expiry; `key` makes it happen once (a command that is run again).

        The same key with the same body gives the entry that stands; with another body it raises StoreError (R5).
        Charges and reversals belong to a conversation: `charge`, `reverse`.
        """
        if kind in (CreditKind.CHARGE, CreditKind.REVERSAL):
            raise ValueError(f"a {kind.value} belongs to a conversation")
        return self._database.write(
            lambda connection: append_once(connection, kind, amount, key=key, policy=policy, at=at)
        )

    def charge(self, conversation: str, charge: Charge, at: datetime) -> CreditEntry:
        """The conversation's charge that is not reversed; it is written now if there is none (CRED-1)."""
        return self._database.write(lambda connection: charge_once(connection, conversation, charge, at))

    def reverse(self, conversation: str, at: datetime) -> CreditEntry | None:
        """Give the conversation's charge back in full; None when there is none to give back (CRED-2)."""

        def reverse(connection: sqlite3.Connection) -> CreditEntry | None:
            standing = charge_in_force(connection, conversation)
            return reverse_charge(connection, standing, at) if standing else None

        return self._database.write(reverse)

    def verify(self) -> int | None:
        """The id of the first entry that was tampered with, or that follows on one that is missing; None: all is well.

        Every entry's hash covers all of it and the hash of the one before, back to the first.
        """
        return self._database.read(_first_broken)


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
    """Add an entry to the chain, in the transaction of what it belongs to. See `Ledger.append`."""
    standing = _find(connection, "key = ?", key)
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
    row = (*body, _hash(*body))
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO credit_entries ({_COLUMNS}) VALUES ({marks})", row)  # noqa: S608 - constants of this file
    return _entry(row)


def charge_in_force(connection: sqlite3.Connection, conversation: str) -> CreditEntry | None:
    """The conversation's charge that is not reversed."""
    return _find(connection, f"conversation = ? AND {_UNREVERSED}", conversation)


def charge_once(connection: sqlite3.Connection, conversation: str, charge: Charge, at: datetime) -> CreditEntry:
    """The charge in force, written now if there is none: at most one that is not reversed (CRED-2)."""
    standing = charge_in_force(connection, conversation)
    if standing is not None:
        return standing
    (before,) = connection.execute(
        "SELECT count(*) FROM credit_entries WHERE conversation = ? AND kind = 'charge'", (conversation,)
    ).fetchone()
    return append_once(
        connection,
        CreditKind.CHARGE,
        -charge.amount,
        key=f"charge:{conversation}:{before + 1}",
        policy=charge.policy,
        at=at,
        conversation=conversation,
    )


def reverse_charge(connection: sqlite3.Connection, charge: CreditEntry, at: datetime) -> CreditEntry:
    """Give one charge back, under the policy that it was written under."""
    return append_once(
        connection,
        CreditKind.REVERSAL,
        -charge.amount,
        key=f"reversal:{charge.key.removeprefix('charge:')}",
        policy=charge.policy,
        at=at,
        conversation=charge.conversation,
        reverses=charge.id,
    )


def _find(connection: sqlite3.Connection, condition: str, value: str) -> CreditEntry | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM credit_entries WHERE {condition}", (value,)).fetchone()  # noqa: S608 - constants of this file
    return _entry(row) if row else None


def _body(entry: CreditEntry) -> tuple[CreditKind, int, str, int | None, str]:
    return entry.kind, entry.amount, entry.conversation, entry.reverses, entry.policy


def _hash(*fields: str | int | None) -> str:
    """SHA-256 over all columns but the hash itself, in the table's order, as text; "" stands for no reversal."""
    return content_hash(*("" if field is None else str(field) for field in fields))


def _first_broken(connection: sqlite3.Connection) -> int | None:
    before = ""
    for row in connection.execute(f"SELECT {_COLUMNS} FROM credit_entries ORDER BY id"):  # noqa: S608 - constants of this file
        *body, own = row
        if body[-1] != before or _hash(*body) != own:
            return int(row[0])
        before = own
    return None


def _entry(row: tuple[Any, ...]) -> CreditEntry:
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
