CREATE TABLE vectors (
            engine TEXT NOT NULL,
            hash TEXT NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (engine, hash)
        ) STRICT;
