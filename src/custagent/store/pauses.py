"""Which agents are paused: rows, so that a running runner sees them with the next message (MAN-1)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


class Pauses:
    """The paused agents, by name. A change and its audit row are one transaction (CRE-3)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_paused(self, agent: str) -> bool:
        """Whether somebody paused the agent."""
        return self._database.read(
            lambda connection: (
                connection.execute("SELECT 1 FROM pauses WHERE agent = ?", (agent,)).fetchone() is not None
            )
        )

    def paused(self) -> Mapping[str, tuple[str, datetime]]:
        """Who paused each paused agent, and when (UTC); by the agent's name, sorted."""
        rows = self._database.read(
            lambda connection: connection.execute("SELECT agent, actor, since FROM pauses ORDER BY agent").fetchall()
        )
        return {agent: (actor, from_text(since)) for agent, actor, since in rows}

    def pause(self, agent: str, actor: str, at: datetime, *, audit: AuditEntry | None = None) -> bool:
        """Pause the agent; False when it is paused already, which changes nothing and is no audit row."""
        since = to_text(at)

        def pause(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "INSERT INTO pauses (agent, actor, since) VALUES (?, ?, ?) ON CONFLICT (agent) DO NOTHING",
                (agent, actor, since),
            ).rowcount
            return _record(connection, audit, changed=changed > 0)

        return self._database.write(pause)

    def resume(self, agent: str, *, audit: AuditEntry | None = None) -> bool:
        """Let the agent go on; False when it was not paused, which changes nothing and is no audit row."""

        def resume(connection: sqlite3.Connection) -> bool:
            changed = connection.execute("DELETE FROM pauses WHERE agent = ?", (agent,)).rowcount
            return _record(connection, audit, changed=changed > 0)

        return self._database.write(resume)


def _record(connection: sqlite3.Connection, audit: AuditEntry | None, *, changed: bool) -> bool:
    if changed and audit is not None:
        add_entry(connection, audit)
    return changed
