CREATE TABLE pauses (
            agent TEXT NOT NULL PRIMARY KEY CHECK (agent <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
