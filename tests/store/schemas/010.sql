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
