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
