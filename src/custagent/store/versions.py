"""The texts of definitions that went live: the runner runs the last applied one, whatever the file says (CRE-6)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.core.ids import content_hash
from custagent.core.record import AppliedVersion, AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

_COLUMNS = "agent, version, text, hash, actor, applied_at, git_commit"
_LIVE = (
    "NOT retired AND version = (SELECT max(version) FROM applied_versions AS other"
    " WHERE other.agent = applied_versions.agent) ORDER BY agent"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """What was live at the last look."""

    versions: Mapping[str, AppliedVersion]
    #: The database's count of changes then, and the moment by a clock that cannot be set.
    changes: int
    looked_at: float


class AppliedVersions:
    """Versions by agent. Old ones stay: replies name the version that they were given by (ANS-8)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: _Live | None = None

    def apply(
        self,
        agent: str,
        text: str,
        *,
        actor: str,
        git_commit: str,
        at: datetime,
        audit: AuditEntry | None = None,
    ) -> int:
        """Let `text` go live; its version. The text that is live already is no new version and no audit row.

        `audit` is recorded in the same transaction: a change without its record cannot be (CRE-3).
        """
        text_hash, applied_at = content_hash(text), to_text(at)

        def add(connection: sqlite3.Connection) -> int:
            live = connection.execute(
                "SELECT version, text, retired FROM applied_versions WHERE agent = ? ORDER BY version DESC LIMIT 1",
                (agent,),
            ).fetchone()
            if live and live[1] == text and not live[2]:
                return int(live[0])
            version = int(live[0]) + 1 if live else 1
            connection.execute(
                "INSERT INTO applied_versions (agent, version, text, hash, actor, applied_at, git_commit)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (agent, version, text, text_hash, actor, applied_at, git_commit),
            )
            if audit is not None:
                add_entry(connection, audit)
            return version

        version = self._database.write(add)
        self._live = None
        return version

    def applied(self, agent: str) -> AppliedVersion | None:
        """The version that is live; None for an agent that was never applied, or is retired."""
        return self.live().get(agent)

    def live(self, *, fresh_for: float = 0.0) -> Mapping[str, AppliedVersion]:
        """The live version of every agent, by name; the same mapping until one of them changes.

        What another process applied may be seen so many seconds late: the web server asks at every request.
        """
        kept = self._live
        if kept is not None and time.monotonic() - kept.looked_at < fresh_for:
            return kept.versions
        # Before reading: what is read is as new as that, or newer.
        looked_at, changes = time.monotonic(), self._database.changes()
        if kept is not None and kept.changes == changes:
            versions = kept.versions
        else:
            versions = {version.agent: version for version in self._versions(_LIVE)}
            # Most commits change nothing here: those who compare by identity go on with what they have.
            versions = kept.versions if kept is not None and kept.versions == versions else versions
        self._live = _Live(versions=versions, changes=changes, looked_at=looked_at)
        return versions

    def history(self, agent: str) -> tuple[AppliedVersion, ...]:
        """All versions of the agent, oldest first, retired ones included."""
        return self._versions("agent = ? ORDER BY version", agent)

    def retire(self, agent: str, *, audit: AuditEntry | None = None) -> None:
        """Take a deleted agent off. Its history stays, and the numbers go on if the name is used again.

        `audit` is recorded in the same transaction.
        """

        def retire(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE applied_versions SET retired = 1 WHERE agent = ?", (agent,))
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(retire)
        self._live = None

    def _versions(self, condition: str, *values: Any) -> tuple[AppliedVersion, ...]:
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_COLUMNS} FROM applied_versions WHERE {condition}",  # noqa: S608 - constants of this file
                values,
            ).fetchall()
        )
        return tuple(
            AppliedVersion(
                agent=agent,
                version=version,
                text=text,
                hash=text_hash,
                actor=actor,
                applied_at=from_text(applied_at),
                git_commit=git_commit,
            )
            for agent, version, text, text_hash, actor, applied_at, git_commit in rows
        )
