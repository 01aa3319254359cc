CREATE TABLE credit_entries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('grant', 'charge', 'reversal', 'adjustment', 'expiry')),
            amount INTEGER NOT NULL CHECK (
                CASE WHEN kind IN ('grant', 'reversal') THEN amount > 0
                     WHEN kind IN ('charge', 'expiry') THEN amount < 0
                     ELSE amount <> 0 END
            ),
            conversation TEXT NOT NULL CHECK (conversation <> '' OR kind NOT IN ('charge', 'reversal')),
            -- The charge that a reversal gives back; none is given back twice.
            reverses INTEGER UNIQUE REFERENCES credit_entries (id) CHECK ((reverses IS NULL) = (kind <> 'reversal')),
            policy TEXT NOT NULL,
            at TEXT NOT NULL,
            previous_hash TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL UNIQUE CHECK (hash <> '')
        ) STRICT;
CREATE INDEX credit_entries_by_conversation ON credit_entries (conversation);
