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
        , parts_sent INTEGER NOT NULL DEFAULT 0, contact_key TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE reply_ways (
            message INTEGER PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            contact_key TEXT NOT NULL,
            details TEXT NOT NULL
        ) STRICT;
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
CREATE INDEX reply_ways_by_conversation ON reply_ways (conversation);
CREATE INDEX outbox_parts_by_conversation ON outbox_parts (conversation);
CREATE INDEX outbox_parts_by_external_id ON outbox_parts (channel, external_id) WHERE external_id <> '';
