"""The tables of what people decide while the runner works: steps of `migrations`, never edited once they have landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m012_create_pauses(database: sqlite_utils.Database) -> None:
    """Which agents are paused (MAN-1)."""
    database.executescript("""
        -- A row while it lasts.
        CREATE TABLE pauses (
            agent TEXT NOT NULL PRIMARY KEY CHECK (agent <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
    """)


def m013_create_channel_checks(database: sqlite_utils.Database) -> None:
    """How the last check of each channel went (ASG-1)."""
    database.executescript("""
        CREATE TABLE channel_checks (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            -- The hash of what was checked: a check of other settings says nothing.
            settings TEXT NOT NULL,
            -- JSON: [what was looked at, what is wrong with it], "" when it is right.
            steps TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
    """)
