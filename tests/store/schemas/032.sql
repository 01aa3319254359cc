CREATE TABLE documents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            location TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            language TEXT NOT NULL,
            media_type TEXT NOT NULL,
            hash TEXT NOT NULL,
            sections TEXT NOT NULL,
            etag TEXT NOT NULL,
            last_modified TEXT NOT NULL,
            links TEXT NOT NULL,
            fetched_at TEXT NOT NULL
        , dated TEXT NOT NULL DEFAULT '', bytes_hash TEXT NOT NULL DEFAULT '') STRICT;
