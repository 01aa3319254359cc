CREATE TABLE notices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- What makes it happen once: the same key is never told twice.
            key TEXT NOT NULL UNIQUE CHECK (key <> ''),
            kind TEXT NOT NULL CHECK (kind <> ''),
            -- Who is told: those who hold this permission.
            permission TEXT NOT NULL,
            conversation TEXT NOT NULL DEFAULT '',
            text TEXT NOT NULL CHECK (text <> ''),
            at TEXT NOT NULL
        ) STRICT;
