CREATE TABLE applied_versions (
            id INTEGER PRIMARY KEY,
            agent TEXT NOT NULL,
            version INTEGER NOT NULL,
            text TEXT NOT NULL,
            hash TEXT NOT NULL,
            git_commit TEXT NOT NULL,
            actor TEXT NOT NULL,
            applied_at TEXT NOT NULL,
            retired INTEGER NOT NULL DEFAULT 0,
            UNIQUE (agent, version)
        ) STRICT;
