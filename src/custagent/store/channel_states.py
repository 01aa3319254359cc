"""How channels are: paused by people, or in trouble. A runner sees a change with the next message."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from custagent.core.answer import Reason
from custagent.core.notice import Notice
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text
from custagent.store.notices import tell_once


class Way(StrEnum):
    """Which way of a channel does not work."""

    SENDING = "sending"
    RECEIVING = "receiving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A channel does not work, one way."""

    channel: str
    way: Way
    #: UTC.
    since: datetime
    #: Why, in a sentence.
    reason: str
    #: When people were told, UTC; None while it may still pass by itself.
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Who paused a channel, and when (UTC)."""

    by: str
    since: datetime


class ChannelStates:
    """Pauses and troubles by the channel's name. A change and its audit row or notice are one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hands_over(self, channel: str) -> Reason | None:
        """Why the agent hands over what comes in on the channel: it is paused, or people were told that nothing goes out
        on it. None: it does not.
        """
        found = self._database.read(
            lambda connection: connection.execute(
                "SELECT ?2 FROM channel_pauses WHERE channel = ?1 UNION ALL SELECT ?3 FROM channel_troubles"
                " WHERE channel = ?1 AND way = 'sending' AND told_at IS NOT NULL LIMIT 1",
                (channel, Reason.PAUSED.value, Reason.CHANNEL_OUT.value),
            ).fetchone()
        )
        return Reason(found[0]) if found else None

    def paused(self) -> Mapping[str, Paused]:
        """The paused channels, sorted by name."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT channel, actor, since FROM channel_pauses ORDER BY channel"
            ).fetchall()
        )
        return {channel: Paused(by=actor, since=from_text(since)) for channel, actor, since in rows}

    def pause(self, channel: str, actor: str, at: datetime, *, audit: AuditEntry | None = None) -> bool:
        """Pause the channel; False when it is paused already, which changes nothing and is no audit row."""
        statement = (
            "INSERT INTO channel_pauses (channel, actor, since) VALUES (?, ?, ?) ON CONFLICT (channel) DO NOTHING"
        )
        return self._change(statement, (channel, actor, to_text(at)), audit)

    def resume(self, channel: str, *, audit: AuditEntry | None = None) -> bool:
        """Let the channel go on; False when it was not paused, which changes nothing and is no audit row."""
        return self._change("DELETE FROM channel_pauses WHERE channel = ?", (channel,), audit)

    def troubles(self) -> Sequence[Trouble]:
        """What does not work, sorted by channel."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT channel, way, since, reason, told_at FROM channel_troubles ORDER BY channel, way"
            ).fetchall()
        )
        return tuple(
            Trouble(
                channel=channel,
                way=Way(way),
                since=from_text(since),
                reason=reason,
                told_at=from_text(told_at) if told_at else None,
            )
            for channel, way, since, reason, told_at in rows
        )

    def begin(self, trouble: Trouble, *, fence: int = 0) -> None:
        """Note that a channel does not work; of one that is known already only the reason changes. Raises LeaseHeld."""

        def begin(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "INSERT INTO channel_troubles (channel, way, since, reason) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (channel, way) DO UPDATE SET reason = excluded.reason",
                (trouble.channel, trouble.way.value, to_text(trouble.since), trouble.reason),
            )

        self._database.write(begin)

    def tell(self, trouble: Trouble, notice: Notice, *, fence: int = 0) -> None:
        """People are told of it: from now on the agent hands over on the channel. Raises LeaseHeld."""

        def tell(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "UPDATE channel_troubles SET told_at = ? WHERE channel = ? AND way = ?",
                (to_text(notice.at), trouble.channel, trouble.way.value),
            )
            tell_once(connection, notice)

        self._database.write(tell)

    def end(self, channel: str, way: Way, notice: Notice | None = None, *, fence: int = 0) -> None:
        """The channel works again; people who were told of it are told that too. Raises LeaseHeld."""

        def end(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute("DELETE FROM channel_troubles WHERE channel = ? AND way = ?", (channel, way.value))
            if notice is not None:
                tell_once(connection, notice)

        self._database.write(end)

    def forget(self, channel: str) -> None:
        """Drop what is known of a removed channel. An unknown one is no error."""

        def forget(connection: sqlite3.Connection) -> None:
            for table in ("channel_pauses", "channel_troubles"):
                connection.execute(f"DELETE FROM {table} WHERE channel = ?", (channel,))  # noqa: S608 - constants of this file

        self._database.write(forget)

    def _change(self, statement: str, values: tuple[str, ...], audit: AuditEntry | None) -> bool:
        def change(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(statement, values).rowcount > 0
            if changed and audit is not None:
                add_entry(connection, audit)
            return changed

        return self._database.write(change)
