"""Who changed what, when, from what to what (CRE-3)."""

from __future__ import annotations

import sqlite3

from custagent.core.record import AuditEntry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


class Audit:
    """The list of changes; it is only added to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: AuditEntry) -> int:
        """Write the entry down; its number."""
        return self._database.write(lambda connection: add_entry(connection, entry))

    def entries(self, limit: int, subject: str | None = None) -> tuple[AuditEntry, ...]:
        """The last `limit` entries, newest first; with `subject` only those about it."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, at, actor, action, subject, before, after, git_commit FROM audit"
                " WHERE ?1 IS NULL OR subject = ?1 ORDER BY id DESC LIMIT ?2",
                (subject, max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            AuditEntry(
                id=row[0],
                at=from_text(row[1]),
                actor=row[2],
                action=row[3],
                subject=row[4],
                before=row[5],
                after=row[6],
                git_commit=row[7],
            )
            for row in rows
        )


def add_entry(connection: sqlite3.Connection, entry: AuditEntry) -> int:
    """Add to the list within a transaction that changes something; the entry's number."""
    row = connection.execute(
        "INSERT INTO audit (at, actor, action, subject, before, after, git_commit) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " RETURNING id",
        (to_text(entry.at), entry.actor, entry.action, entry.subject, entry.before, entry.after, entry.git_commit),
    ).fetchone()
    return int(row[0])
