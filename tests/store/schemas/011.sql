CREATE TABLE lease (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            token INTEGER NOT NULL CHECK (token > 0),
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            since TEXT NOT NULL,
            renewed_at TEXT NOT NULL,
            ttl_seconds REAL NOT NULL CHECK (ttl_seconds > 0),
            released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1))
        ) STRICT;
CREATE TRIGGER lease_tokens_rise BEFORE UPDATE OF token ON lease WHEN NEW.token < OLD.token
        BEGIN SELECT RAISE(ABORT, 'the tokens of the lease only rise'); END;
CREATE TRIGGER lease_stays BEFORE DELETE ON lease
        BEGIN SELECT RAISE(ABORT, 'the lease is released, never deleted'); END;
