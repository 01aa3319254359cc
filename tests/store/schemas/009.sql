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
CREATE INDEX messages_by_conversation ON messages (conversation, id);
CREATE INDEX inbound_unhandled ON inbound (conversation, message) WHERE handled = 0;
