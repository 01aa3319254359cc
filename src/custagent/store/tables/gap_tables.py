"""The tables of knowledge gaps. Steps of `migrations`, never edited once they have landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m030_create_gaps(database: sqlite_utils.Database) -> None:
    """What contacts asked and the agent could not answer, grouped by topic (GAP-1)."""
    database.executescript("""
        -- It has no name of its own: it is called by one of its questions, whose words stand in the messages alone.
        CREATE TABLE gaps (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            agent TEXT NOT NULL CHECK (agent <> ''),
            kind TEXT NOT NULL CHECK (kind IN ('unanswered', 'wrong')),
            status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'dismissed')),
            closed_at TEXT CHECK ((closed_at IS NULL) = (status = 'open')),
            -- When a new question opened it again; NULL where none did since it was closed last.
            reopened_at TEXT
        ) STRICT;
        CREATE INDEX gaps_by_agent ON gaps (agent, status);

        CREATE TABLE gap_questions (
            -- The agent's reply to it.
            reply INTEGER NOT NULL REFERENCES messages (id),
            -- 0, or the number of the question in a message that asked several.
            part INTEGER NOT NULL,
            gap INTEGER NOT NULL REFERENCES gaps (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            -- The gap is called by it.
            names INTEGER NOT NULL DEFAULT 0 CHECK (names IN (0, 1)),
            -- What new questions are compared with: made of the contact's words, and erased with them. The vector is
            -- base64 of float32, that it can be written out with the rest.
            words TEXT NOT NULL,
            engine TEXT NOT NULL,
            vector TEXT NOT NULL,
            PRIMARY KEY (reply, part)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX gap_questions_by_gap ON gap_questions (gap);
        CREATE INDEX gap_questions_by_conversation ON gap_questions (conversation);

        -- Up to which reply the agent's conversations were looked through.
        CREATE TABLE gaps_read (agent TEXT NOT NULL PRIMARY KEY, reply INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        -- Verdicts against replies are few among many, and asked for each time.
        CREATE INDEX feedback_against ON feedback (message) WHERE verdict = 'down';
        CREATE INDEX judgements_against ON judgements (message) WHERE verdict = 'down';
    """)
