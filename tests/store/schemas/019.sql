CREATE TABLE passwords (
            user TEXT NOT NULL PRIMARY KEY CHECK (user <> ''),
            -- argon2id, with its salt and settings.
            hash TEXT NOT NULL CHECK (hash <> ''),
            changed_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE TABLE invitations (
            token_hash TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL CHECK (user <> ''),
            until TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
            token_hash TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL CHECK (user <> ''),
            began_at TEXT NOT NULL,
            seen_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE TABLE sign_in_failures (
            key TEXT NOT NULL PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
