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
        , start INTEGER) STRICT;
