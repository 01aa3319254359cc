"""The tables of what providers tell of replies too early. Steps of `migrations`, never edited once they have landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m028_create_early_news(database: sqlite_utils.Database) -> None:
    """What became of replies whose ids are not noted yet, and until when a contact has got or read everything."""
    database.executescript("""
        -- It goes when the id is noted, or after a day: of most of them the reply is another program's.
        CREATE TABLE early_updates (
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL CHECK (external_id <> ''),
            status TEXT NOT NULL CHECK (status IN ('delivered', 'read', 'failed')),
            error TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (channel, external_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX early_updates_by_time ON early_updates (at);

        -- By the provider's clock.
        CREATE TABLE watermarks (
            contact INTEGER NOT NULL REFERENCES contacts (id),
            status TEXT NOT NULL CHECK (status IN ('delivered', 'read')),
            until TEXT NOT NULL,
            PRIMARY KEY (contact, status)
        ) STRICT, WITHOUT ROWID;

        -- When the provider had it: by its clock where it tells, else by ours once it had answered; '' before.
        ALTER TABLE outbox ADD COLUMN sent_at TEXT NOT NULL DEFAULT '';
    """)
