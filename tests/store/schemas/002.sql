CREATE TABLE source_documents (
            agent TEXT NOT NULL,
            source TEXT NOT NULL,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            PRIMARY KEY (agent, source, document_id)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE sources (
            id INTEGER PRIMARY KEY,
            agent TEXT NOT NULL,
            key TEXT NOT NULL,
            kind TEXT NOT NULL,
            location TEXT NOT NULL,
            status TEXT NOT NULL,
            error TEXT NOT NULL,
            synced_at TEXT,
            UNIQUE (agent, key)
        ) STRICT;
CREATE TABLE source_problems (
            agent TEXT NOT NULL,
            key TEXT NOT NULL,
            position INTEGER NOT NULL,
            location TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (agent, key, position),
            FOREIGN KEY (agent, key) REFERENCES sources (agent, key) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
CREATE INDEX source_documents_by_document ON source_documents (document_id, agent);
CREATE UNIQUE INDEX source_documents_by_seq ON source_documents (agent, source, seq);
