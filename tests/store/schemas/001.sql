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
        ) STRICT;
CREATE TABLE chunks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            text TEXT NOT NULL,
            heading TEXT NOT NULL,
            anchor TEXT NOT NULL,
            page INTEGER,
            language TEXT NOT NULL,
            question TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
CREATE INDEX chunks_by_document ON chunks (document_id, page);
CREATE INDEX chunks_by_hash ON chunks (hash);
