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
        , edited_at TEXT) STRICT;
CREATE TABLE identities (
            channel TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL CHECK (value <> ''),
            contact INTEGER NOT NULL REFERENCES contacts (id),
            PRIMARY KEY (channel, kind, value)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE channel_events (
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL CHECK (external_id <> ''),
            message INTEGER REFERENCES messages (id),
            conversation TEXT REFERENCES conversations (id) CHECK ((conversation IS NULL) = (message IS NULL)),
            at TEXT NOT NULL,
            PRIMARY KEY (channel, external_id)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE early_changes (
            channel TEXT NOT NULL,
            changed TEXT NOT NULL,
            text TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (channel, changed)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE unread_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            kind TEXT NOT NULL,
            content TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            at TEXT NOT NULL,
            UNIQUE (channel, content_hash)
        ) STRICT;
CREATE TABLE channel_progress (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_contact ON identities (contact);
CREATE INDEX identities_by_value ON identities (value);
CREATE INDEX channel_events_by_conversation ON channel_events (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX channel_events_by_time ON channel_events (at) WHERE message IS NULL;
