CREATE TABLE channel_pauses (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE TABLE channel_troubles (
            channel TEXT NOT NULL CHECK (channel <> ''),
            way TEXT NOT NULL CHECK (way IN ('sending', 'receiving')),
            since TEXT NOT NULL,
            -- Our words or the provider's, never a contact's.
            reason TEXT NOT NULL,
            told_at TEXT,
            PRIMARY KEY (channel, way)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE "notifications" (
            id TEXT NOT NULL CHECK (id <> ''),
            webhook TEXT NOT NULL CHECK (webhook <> ''),
            event TEXT NOT NULL CHECK (event IN ('handoff', 'overdue', 'credits', 'channel')),
            conversation TEXT NOT NULL,
            body TEXT NOT NULL CHECK (body <> ''),
            at TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'given-up')),
            tries INTEGER NOT NULL DEFAULT 0,
            since TEXT NOT NULL,
            next_at TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            error TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (id, webhook)
        ) STRICT;
