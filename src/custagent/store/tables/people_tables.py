"""The tables of who is away, who was given what, and what people were told: steps of `migrations`, never edited once
they have landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m017_create_absences_and_handoffs(database: sqlite_utils.Database) -> None:
    """Who is away (CRE-6), who was given which conversation (HND-1), and in what state people got it (HND-4)."""
    database.executescript("""
        -- A row while it lasts; one that has an end is over then, whether somebody notices or not.
        CREATE TABLE absences (
            user TEXT NOT NULL PRIMARY KEY CHECK (user <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT
        ) STRICT, WITHOUT ROWID;

        -- One row each time a user is given a conversation: who was given none for longest is given the next, and nobody
        -- is given the same one twice for the same words of the contact.
        CREATE TABLE givings (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            assignee TEXT NOT NULL CHECK (assignee LIKE 'user:%'),
            -- The last message then: what was said later was said to this user.
            message INTEGER NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX givings_by_conversation ON givings (conversation, message);
        CREATE INDEX givings_by_assignee ON givings (assignee, at);
        INSERT INTO givings (conversation, assignee, message, at)
            SELECT id, assignee, last_message, assigned_at FROM conversations
            WHERE assignee LIKE 'user:%' AND assigned_at IS NOT NULL ORDER BY assigned_at, id;

        CREATE TABLE handoffs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            -- The last message before people had it: the order of the queue is theirs.
            message INTEGER NOT NULL,
            at TEXT NOT NULL,
            -- JSON; it names messages and repeats none of their words (CONV-3).
            summary TEXT NOT NULL
        ) STRICT;
        CREATE INDEX handoffs_by_conversation ON handoffs (conversation, message);
    """)


def m029_create_recaps(database: sqlite_utils.Database) -> None:
    """What a model wrote for those who took a conversation over, and what that used up (HND-4)."""
    database.executescript("""
        -- One row once it was tried, whatever became of it: nothing is tried twice.
        CREATE TABLE recaps (
            handoff INTEGER NOT NULL PRIMARY KEY REFERENCES handoffs (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            outcome TEXT NOT NULL CHECK (outcome IN ('checked', 'refused', 'failed', 'late')),
            -- JSON with its lines; '' where there are none to show. They are made of the contact's words.
            said TEXT NOT NULL,
            language TEXT NOT NULL,
            model TEXT NOT NULL,
            calls INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            -- US dollars; NULL where it is not known.
            cost REAL,
            at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX recaps_by_conversation ON recaps (conversation);
        -- Looked for every few seconds: those of the last hour.
        CREATE INDEX handoffs_by_time ON handoffs (at);
    """)
