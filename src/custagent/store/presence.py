"""Who is away: rows, which a running runner sees at its next look (CRE-6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is not there."""

    #: Who said so.
    actor: str
    #: UTC.
    since: datetime
    #: When it is over by itself, UTC; None when it is not.
    until: datetime | None = None


class Presence:
    """The users who are away, by name. A change and its audit row are one transaction (CRE-3)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def absences(self, at: datetime) -> Mapping[str, Absence]:
        """Who is away at that moment; at exactly `until` an absence is over."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT user, actor, since, until FROM absences WHERE until IS NULL OR until > ? ORDER BY user",
                (to_text(at),),
            ).fetchall()
        )
        return {
            user: Absence(actor=actor, since=from_text(since), until=from_text(until) if until else None)
            for user, actor, since, until in rows
        }

    def set_away(self, user: str, absence: Absence, *, audit: AuditEntry | None = None) -> bool:
        """The user is away from now on; False when that is known already, with the same end, and nothing changes."""
        until = to_text(absence.until) if absence.until else None

        def write(connection: sqlite3.Connection) -> bool:
            row = connection.execute("SELECT until FROM absences WHERE user = ?", (user,)).fetchone()
            over = row is not None and row[0] is not None and row[0] <= to_text(absence.since)
            if row is not None and not over and row[0] == until:
                return False
            connection.execute(
                "INSERT INTO absences (user, actor, since, until) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (user) DO UPDATE SET actor = excluded.actor, since = excluded.since, until = excluded.until",
                (user, absence.actor, to_text(absence.since), until),
            )
            if audit is not None:
                add_entry(connection, audit)
            return True

        return self._database.write(write)

    def set_back(self, user: str, at: datetime, *, audit: AuditEntry | None = None) -> bool:
        """The user is there again; False when they were not away, which is no audit row."""

        def write(connection: sqlite3.Connection) -> bool:
            row = connection.execute("DELETE FROM absences WHERE user = ? RETURNING until", (user,)).fetchone()
            changed = row is not None and (row[0] is None or row[0] > to_text(at))
            if changed and audit is not None:
                add_entry(connection, audit)
            return changed

        return self._database.write(write)
