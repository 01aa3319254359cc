"""The tables of conversations, their messages, the outbox and the runner's lease.

Steps of `migrations`, never edited once they have landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


_CONTACTS = """
        CREATE TABLE contacts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            key TEXT NOT NULL,
            name TEXT NOT NULL,
            email TEXT NOT NULL,
            language TEXT NOT NULL,
            UNIQUE (channel, key)
        ) STRICT;

"""


def m008_create_conversations(database: sqlite_utils.Database) -> None:
    """Contacts, and their threads."""
    database.executescript(f"""{_CONTACTS}
        CREATE TABLE conversations (
            id TEXT NOT NULL PRIMARY KEY,
            channel TEXT NOT NULL,
            contact INTEGER NOT NULL REFERENCES contacts (id),
            status TEXT NOT NULL CHECK (status IN ('pending', 'open', 'snoozed', 'closed')),
            -- While it is closed: the status that it was closed from, which tells who had it.
            closed_from TEXT CHECK ((closed_from IS NULL) = (status <> 'closed')),
            agent TEXT NOT NULL,
            assignee TEXT NOT NULL,
            -- When it was given to the assignee of now: who waited longest is given the next (HND-1).
            assigned_at TEXT CHECK (assigned_at IS NOT NULL OR assignee = ''),
            language TEXT NOT NULL,
            opened_at TEXT NOT NULL,
            -- Clocks are set back, so the order is that of the last messages' ids; the times are for the timer.
            last_message INTEGER NOT NULL,
            last_message_at TEXT NOT NULL,
            last_sender TEXT NOT NULL CHECK (last_sender IN ('contact', 'agent', 'person')),
            closed_at TEXT CHECK ((closed_at IS NULL) = (status <> 'closed')),
            outcome TEXT CHECK (outcome IS NULL OR status = 'closed'),
            version INTEGER NOT NULL,
            -- NULL where silence closes nothing: see Threading.closes (CONV-1).
            silent_since TEXT GENERATED ALWAYS AS (
                CASE WHEN status = 'pending' OR (status = 'open' AND last_sender = 'person') THEN last_message_at END
            ) VIRTUAL
        ) STRICT;
        CREATE INDEX conversations_by_contact ON conversations (contact, last_message);
        CREATE INDEX conversations_by_activity ON conversations (last_message);
        CREATE INDEX conversations_by_status ON conversations (status, last_message);
        CREATE INDEX conversations_by_assignee ON conversations (assignee, status, assigned_at) WHERE assignee <> '';
        CREATE INDEX conversations_by_silence ON conversations (channel, silent_since) WHERE silent_since IS NOT NULL;
    """)


def m009_create_messages(database: sqlite_utils.Database) -> None:
    """What was said, and what of it came in."""
    database.executescript("""
        -- AUTOINCREMENT: ids rise for ever, and are the order within a conversation.
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            sender TEXT NOT NULL CHECK (sender IN ('contact', 'agent', 'person')),
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            at TEXT NOT NULL,
            language TEXT NOT NULL,
            author TEXT NOT NULL,
            options TEXT NOT NULL,
            attachments TEXT NOT NULL,
            citations TEXT NOT NULL,
            decision TEXT NOT NULL,
            reason TEXT NOT NULL,
            confidence REAL,
            agent_version INTEGER NOT NULL,
            index_generation INTEGER NOT NULL,
            evidence TEXT NOT NULL
        ) STRICT;
        CREATE INDEX messages_by_conversation ON messages (conversation, id);

        -- The provider's side of a contact's message. The key is what drops duplicates (CONV-2); they may come for days.
        CREATE TABLE inbound (
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL CHECK (external_id <> ''),
            message INTEGER NOT NULL UNIQUE REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            -- By the provider's clock: kept, never sorted by.
            sent_at TEXT NOT NULL,
            body_hash TEXT NOT NULL,
            -- A turn has dealt with it.
            handled INTEGER NOT NULL DEFAULT 0 CHECK (handled IN (0, 1)),
            PRIMARY KEY (channel, external_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX inbound_unhandled ON inbound (conversation, message) WHERE handled = 0;
    """)


def m010_create_outbox(database: sqlite_utils.Database) -> None:
    """Replies on their way to contacts."""
    database.executescript("""
        -- The message is the key: each reply goes out once, in the order in which it was written.
        CREATE TABLE outbox (
            message INTEGER PRIMARY KEY REFERENCES messages (id),
            channel TEXT NOT NULL,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            sender TEXT NOT NULL CHECK (sender IN ('agent', 'person')),
            status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'delivered', 'read', 'failed', 'dropped')),
            -- The charge that was in force when a reply that is charged for was written (CRED-2).
            charge INTEGER REFERENCES credit_entries (id),
            attempts INTEGER NOT NULL DEFAULT 0,
            -- Not before this moment; '' for at once, whatever the clock says.
            next_at TEXT NOT NULL DEFAULT '',
            changed_at TEXT NOT NULL,
            -- The provider's id, once it has one.
            external_id TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX outbox_queued ON outbox (conversation, message) WHERE status = 'queued';
        CREATE INDEX outbox_failed ON outbox (message) WHERE status = 'failed';
        CREATE INDEX outbox_by_conversation ON outbox (conversation, message);
        CREATE INDEX outbox_by_charge ON outbox (charge) WHERE charge IS NOT NULL;
        CREATE INDEX outbox_by_external_id ON outbox (channel, external_id) WHERE external_id <> '';
    """)


def m011_create_lease(database: sqlite_utils.Database) -> None:
    """Which runner works on the workspace (RUN-1)."""
    database.executescript("""
        -- One row, which is never deleted: the tokens must rise for ever.
        CREATE TABLE lease (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            token INTEGER NOT NULL CHECK (token > 0),
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            since TEXT NOT NULL,
            renewed_at TEXT NOT NULL,
            ttl_seconds REAL NOT NULL CHECK (ttl_seconds > 0),
            released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1))
        ) STRICT;
        CREATE TRIGGER lease_tokens_rise BEFORE UPDATE OF token ON lease WHEN NEW.token < OLD.token
        BEGIN SELECT RAISE(ABORT, 'the tokens of the lease only rise'); END;
        CREATE TRIGGER lease_stays BEFORE DELETE ON lease
        BEGIN SELECT RAISE(ABORT, 'the lease is released, never deleted'); END;
    """)
