"""The ledger of credits, read. Entries are signed and never changed or deleted; the balance is their sum (CRED-2)."""

from __future__ import annotations

from custagent.core.credit import CreditEntry, CreditKind
from custagent.store.database import Database
from custagent.store.moments import from_text


class Ledger:
    """The credit entries of the workspace. The tables' own triggers keep its rules, whatever program writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self) -> tuple[CreditEntry, ...]:
        """All entries in the order of writing."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, key, kind, amount, conversation, reverses, policy, at, previous_hash, hash"
                " FROM credit_entries ORDER BY id"
            ).fetchall()
        )
        return tuple(
            CreditEntry(
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
            for row in rows
        )

    def balance(self) -> int:
        """The sum of all entries, in credits; 0 for an empty ledger."""
        return self._database.read(
            lambda connection: int(
                connection.execute("SELECT coalesce(sum(amount), 0) FROM credit_entries").fetchone()[0]
            )
        )
