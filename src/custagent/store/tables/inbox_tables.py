"""The tables of the place where people work: since when contacts wait, notes, drafts, what somebody has seen.

Steps of `migrations`, never edited once they have landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m018_create_inbox(database: sqlite_utils.Database) -> None:
    """What the inbox shows and keeps (HND-5)."""
    database.executescript("""
        -- Since when the contact waits for a person; NULL while the agent has it, a person had the last word, or it is
        -- closed. A column, because the longest waiting of ten thousand must be found by an index.
        ALTER TABLE conversations ADD COLUMN waiting_since TEXT;
        UPDATE conversations SET waiting_since = last_message_at
            WHERE status IN ('open', 'snoozed') AND last_sender <> 'person';
        CREATE INDEX conversations_by_waiting ON conversations (status, waiting_since IS NULL, waiting_since, last_message);
        CREATE INDEX conversations_by_owner
            ON conversations (assignee, status, waiting_since IS NULL, waiting_since, last_message);

        -- What people tell each other; contacts never see it.
        CREATE TABLE notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            text TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX notes_by_conversation ON notes (conversation, id);

        -- What somebody has begun to write and not sent.
        CREATE TABLE drafts (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            text TEXT NOT NULL CHECK (text <> ''),
            at TEXT NOT NULL,
            PRIMARY KEY (conversation, author)
        ) STRICT, WITHOUT ROWID;

        -- The last message of a conversation that somebody has seen.
        CREATE TABLE seen (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            user TEXT NOT NULL CHECK (user <> ''),
            message INTEGER NOT NULL,
            PRIMARY KEY (conversation, user)
        ) STRICT, WITHOUT ROWID;
    """)


def m019_create_sign_in(database: sqlite_utils.Database) -> None:
    """How people prove who they are to the web inbox (HND-5). Of tokens only the hash is kept."""
    database.executescript("""
        CREATE TABLE passwords (
            user TEXT NOT NULL PRIMARY KEY CHECK (user <> ''),
            -- argon2id, with its salt and settings.
            hash TEXT NOT NULL CHECK (hash <> ''),
            changed_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Links that let somebody set a password, once.
        CREATE TABLE invitations (
            token_hash TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL CHECK (user <> ''),
            until TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sessions (
            token_hash TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL CHECK (user <> ''),
            began_at TEXT NOT NULL,
            seen_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sessions_by_user ON sessions (user);

        -- Who has failed to sign in: by a hash of the address that was typed, and of the machine that it came from.
        CREATE TABLE sign_in_failures (
            key TEXT NOT NULL PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
    """)


def m020_create_notifications(database: sqlite_utils.Database) -> None:
    """What webhooks are told when people are needed (`core.notification`)."""
    database.executescript("""
        -- A row for each webhook that is to be told of an event.
        CREATE TABLE notifications (
            -- The event's, for all webhooks the same.
            id TEXT NOT NULL CHECK (id <> ''),
            -- A hash of its address, which may hold a secret.
            webhook TEXT NOT NULL CHECK (webhook <> ''),
            event TEXT NOT NULL CHECK (event IN ('handoff', 'overdue', 'credits')),
            conversation TEXT NOT NULL,
            -- JSON, as it is sent; it holds no contact's words (CONV-3).
            body TEXT NOT NULL CHECK (body <> ''),
            at TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'given-up')),
            tries INTEGER NOT NULL DEFAULT 0,
            -- Since when it has been tried: a day later it is given up.
            since TEXT NOT NULL,
            next_at TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            error TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (id, webhook)
        ) STRICT;
        CREATE INDEX notifications_by_next ON notifications (status, next_at);
        CREATE INDEX notifications_by_conversation ON notifications (conversation);

        -- Up to where events have been read; no row before the first.
        CREATE TABLE notified (
            source TEXT NOT NULL PRIMARY KEY CHECK (source IN ('handoffs', 'notices')),
            last INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO notified
            SELECT 'handoffs', max(id) FROM handoffs HAVING max(id) IS NOT NULL
            UNION ALL SELECT 'notices', max(id) FROM notices HAVING max(id) IS NOT NULL;

        -- Receivers that said that they are gone.
        CREATE TABLE stopped_webhooks (
            webhook TEXT NOT NULL PRIMARY KEY,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
    """)


def m021_widen_waiting_index(database: sqlite_utils.Database) -> None:
    """Lists that leave out most of ten thousand open conversations are read from the index alone."""
    database.executescript("""
        DROP INDEX conversations_by_waiting;
        CREATE INDEX conversations_by_waiting ON conversations
            (status, waiting_since IS NULL, waiting_since, last_message, assignee, channel, language);
    """)


def m027_create_judgements(database: sqlite_utils.Database) -> None:
    """What people think of the agent's replies, beside what contacts do; and quick lists of one language or channel."""
    database.executescript("""
        CREATE TABLE judgements (
            message INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
            at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX judgements_by_conversation ON judgements (conversation);

        -- A filter that fits nothing must not read ten thousand rows to find that out.
        CREATE INDEX conversations_by_language
            ON conversations (status, language, waiting_since IS NULL, waiting_since, last_message);
        CREATE INDEX conversations_by_channel
            ON conversations (status, channel, waiting_since IS NULL, waiting_since, last_message);
    """)
