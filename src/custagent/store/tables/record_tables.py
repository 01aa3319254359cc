"""The tables beside the ledger and the conversations: notices, feedback, snoozes, search.

Steps of `migrations`, never edited once they have landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m014_create_notices(database: sqlite_utils.Database) -> None:
    """What people must be told once, such as that the credits run low (CRED-3)."""
    database.executescript("""
        CREATE TABLE notices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- What makes it happen once: the same key is never told twice.
            key TEXT NOT NULL UNIQUE CHECK (key <> ''),
            kind TEXT NOT NULL CHECK (kind <> ''),
            -- Who is told: those who hold this permission.
            permission TEXT NOT NULL,
            conversation TEXT NOT NULL DEFAULT '',
            text TEXT NOT NULL CHECK (text <> ''),
            at TEXT NOT NULL
        ) STRICT;
    """)


def m015_create_feedback_and_snoozes(database: sqlite_utils.Database) -> None:
    """What contacts think of replies, and until when people put conversations aside."""
    database.executescript("""
        -- The last word counts: a row a reply.
        CREATE TABLE feedback (
            message INTEGER PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
            at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX feedback_by_conversation ON feedback (conversation);

        -- A row while the conversation is snoozed with an end; without a row it sleeps until somebody writes.
        CREATE TABLE snoozes (
            conversation TEXT NOT NULL PRIMARY KEY REFERENCES conversations (id),
            until TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX snoozes_by_end ON snoozes (until);
    """)


def m016_create_search(database: sqlite_utils.Database) -> None:
    """Finding conversations by their words; the answers have postings of their own."""
    database.executescript("""
        -- The texts stay where they are; here are only their words. A search adds what was said since the one before,
        -- so that receiving a message costs nothing for it (`search`).
        CREATE VIRTUAL TABLE message_words USING fts5(
            text, content = 'messages', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2"
        );
    """)
