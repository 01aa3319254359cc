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
CREATE TABLE notified (
            source TEXT NOT NULL PRIMARY KEY CHECK (source IN ('handoffs', 'notices')),
            last INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE TABLE stopped_webhooks (
            webhook TEXT NOT NULL PRIMARY KEY,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_by_next ON notifications (status, next_at);
CREATE INDEX notifications_by_conversation ON notifications (conversation);
