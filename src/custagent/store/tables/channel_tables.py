"""The tables of what channels tell beside texts: who contacts are, what happened, files, and how to reply.

Steps of `migrations`, never edited once they have landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


_IDENTITIES_AND_EVENTS = """
        -- What a channel knows a contact by beside `contacts.key`: each thing means one contact of the channel.
        CREATE TABLE identities (
            channel TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL CHECK (value <> ''),
            contact INTEGER NOT NULL REFERENCES contacts (id),
            PRIMARY KEY (channel, kind, value)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX identities_by_contact ON identities (contact);
        CREATE INDEX identities_by_value ON identities (value);

        -- The key drops what is told twice; providers tell for days. A message where one was written down for it.
        CREATE TABLE channel_events (
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL CHECK (external_id <> ''),
            message INTEGER REFERENCES messages (id),
            conversation TEXT REFERENCES conversations (id) CHECK ((conversation IS NULL) = (message IS NULL)),
            at TEXT NOT NULL,
            PRIMARY KEY (channel, external_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX channel_events_by_conversation ON channel_events (conversation) WHERE conversation IS NOT NULL;
        CREATE INDEX channel_events_by_time ON channel_events (at) WHERE message IS NULL;

"""


def m022_create_channel_news(database: sqlite_utils.Database) -> None:
    """Whom a channel knows by what, what it told, and how far it was read."""
    database.executescript(f"""{_IDENTITIES_AND_EVENTS}
        -- An edit that came before the message it is about; gone once that is here.
        CREATE TABLE early_changes (
            channel TEXT NOT NULL,
            changed TEXT NOT NULL,
            text TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (channel, changed)
        ) STRICT, WITHOUT ROWID;

        -- What this version cannot read, as masked JSON (ANS-7).
        CREATE TABLE unread_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            kind TEXT NOT NULL,
            content TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            at TEXT NOT NULL,
            UNIQUE (channel, content_hash)
        ) STRICT;

        -- How far a channel has read what waits for it, in its own words.
        CREATE TABLE channel_progress (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- When the contact changed a message, after it had come.
        ALTER TABLE messages ADD COLUMN edited_at TEXT;
    """)


def m023_create_reply_ways(database: sqlite_utils.Database) -> None:
    """How to reply to what came in, and what has gone out of a reply."""
    database.executescript("""
        -- A row where a channel told more than who wrote: what it needs for replying, as JSON, and the contact's key there.
        CREATE TABLE reply_ways (
            message INTEGER PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            contact_key TEXT NOT NULL,
            details TEXT NOT NULL
        ) STRICT;
        CREATE INDEX reply_ways_by_conversation ON reply_ways (conversation);

        -- How many pieces of it have gone out.
        ALTER TABLE outbox ADD COLUMN parts_sent INTEGER NOT NULL DEFAULT 0;
        -- Whom it goes to where that is not the conversation's contact: an address that was left in a chat.
        ALTER TABLE outbox ADD COLUMN contact_key TEXT NOT NULL DEFAULT '';
        -- What a provider told of each piece, of replies that are sent in several.
        CREATE TABLE outbox_parts (
            message INTEGER NOT NULL REFERENCES outbox (message),
            part INTEGER NOT NULL CHECK (part >= 0),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('sent', 'delivered', 'read', 'failed')),
            -- Nothing of the reply follows it.
            last INTEGER NOT NULL CHECK (last IN (0, 1)),
            PRIMARY KEY (message, part)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_parts_by_conversation ON outbox_parts (conversation);
        CREATE INDEX outbox_parts_by_external_id ON outbox_parts (channel, external_id) WHERE external_id <> '';
    """)


def m024_create_attached_files(database: sqlite_utils.Database) -> None:
    """The files of contacts' messages: which are here, and which are still to be fetched."""
    database.executescript("""
        -- A row a file; what it is called stands with its message.
        CREATE TABLE attached_files (
            message INTEGER NOT NULL REFERENCES messages (id),
            position INTEGER NOT NULL CHECK (position >= 0),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            channel TEXT NOT NULL,
            -- SHA-256, by which it is kept; '' while it is not here.
            hash TEXT NOT NULL,
            waits INTEGER NOT NULL CHECK (waits IN (0, 1)),
            attempts INTEGER NOT NULL DEFAULT 0,
            -- Not before this moment; '' for at once.
            next_at TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX attached_files_waiting ON attached_files (next_at) WHERE waits = 1;
        CREATE INDEX attached_files_by_hash ON attached_files (hash) WHERE hash <> '';
        CREATE INDEX attached_files_by_conversation ON attached_files (conversation);
    """)


def m025_create_opt_outs(database: sqlite_utils.Database) -> None:
    """Contacts who asked the agent to be silent."""
    database.executescript("""
        -- A row while it lasts; people may still write to them.
        CREATE TABLE opt_outs (
            contact INTEGER PRIMARY KEY REFERENCES contacts (id),
            at TEXT NOT NULL
        ) STRICT;
    """)
