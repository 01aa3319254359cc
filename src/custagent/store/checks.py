"""How the last check of each channel went: an agent goes live on a connected channel only (ASG-1)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCheck:
    """One check of one channel's connection."""

    channel: str
    #: The hash of the settings that were checked: once they change, the check says nothing any more.
    settings: str
    #: Each step with what is wrong with it, "" when it is right.
    steps: tuple[tuple[str, str], ...]
    #: Aware, UTC.
    at: datetime

    @property
    def passed(self) -> bool:
        """Whether every step was right."""
        return not any(wrong for _, wrong in self.steps)


class ChannelChecks:
    """The last check of each channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, check: ChannelCheck, *, audit: AuditEntry | None = None) -> None:
        """Remember a check in place of the one before; `audit` is recorded in the same transaction."""
        row = (check.channel, check.settings, json.dumps(check.steps, ensure_ascii=False), to_text(check.at))

        def save(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO channel_checks (channel, settings, steps, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (channel) DO UPDATE SET settings = excluded.settings, steps = excluded.steps,"
                " at = excluded.at",
                row,
            )
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(save)

    def last(self) -> Mapping[str, ChannelCheck]:
        """The last check of each channel that was ever checked, by the channel's name."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT channel, settings, steps, at FROM channel_checks ORDER BY channel"
            ).fetchall()
        )
        return {
            channel: ChannelCheck(
                channel=channel,
                settings=settings,
                steps=tuple((step, wrong) for step, wrong in json.loads(steps)),
                at=from_text(at),
            )
            for channel, settings, steps, at in rows
        }

    def forget(self, channel: str) -> None:
        """Drop what is known of a removed channel. An unknown one is no error."""
        self._database.write(
            lambda connection: connection.execute("DELETE FROM channel_checks WHERE channel = ?", (channel,)).rowcount
        )
