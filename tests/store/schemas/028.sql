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
        , parts_sent INTEGER NOT NULL DEFAULT 0, contact_key TEXT NOT NULL DEFAULT '', sent_at TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE early_updates (
            channel TEXT NOT NULL,
            external_id TEXT NOT NULL CHECK (external_id <> ''),
            status TEXT NOT NULL CHECK (status IN ('delivered', 'read', 'failed')),
            error TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (channel, external_id)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE watermarks (
            contact INTEGER NOT NULL REFERENCES contacts (id),
            status TEXT NOT NULL CHECK (status IN ('delivered', 'read')),
            until TEXT NOT NULL,
            PRIMARY KEY (contact, status)
        ) STRICT, WITHOUT ROWID;
CREATE INDEX early_updates_by_time ON early_updates (at);
