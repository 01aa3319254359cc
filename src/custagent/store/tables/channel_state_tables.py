"""The tables of how channels are: paused by people, or in trouble. Steps of `migrations`, never edited once landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m026_create_channel_states(database: sqlite_utils.Database) -> None:
    """Which channels are paused, and which do not work: a row while it lasts; of that webhooks are told too."""
    database.executescript("""
        CREATE TABLE channel_pauses (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE channel_troubles (
            channel TEXT NOT NULL CHECK (channel <> ''),
            way TEXT NOT NULL CHECK (way IN ('sending', 'receiving')),
            since TEXT NOT NULL,
            -- Our words or the provider's, never a contact's.
            reason TEXT NOT NULL,
            told_at TEXT,
            PRIMARY KEY (channel, way)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE wider_notifications (
            id TEXT NOT NULL CHECK (id <> ''),
            webhook TEXT NOT NULL CHECK (webhook <> ''),
            event TEXT NOT NULL CHECK (event IN ('handoff', 'overdue', 'credits', 'channel')),
            conversation TEXT NOT NULL,
            body TEXT NOT NULL CHECK (body <> ''),
            at TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'given-up')),
            tries INTEGER NOT NULL DEFAULT 0,
            since TEXT NOT NULL,
            next_at TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            error TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (id, webhook)
        ) STRICT;
        INSERT INTO wider_notifications SELECT * FROM notifications ORDER BY rowid;
        DROP TABLE notifications;
        ALTER TABLE wider_notifications RENAME TO notifications;
        CREATE INDEX notifications_by_next ON notifications (status, next_at);
        CREATE INDEX notifications_by_conversation ON notifications (conversation);
    """)
