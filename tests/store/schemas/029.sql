CREATE TABLE recaps (
            handoff INTEGER NOT NULL PRIMARY KEY REFERENCES handoffs (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            outcome TEXT NOT NULL CHECK (outcome IN ('checked', 'refused', 'failed', 'late')),
            -- JSON with its lines; '' where there are none to show. They are made of the contact's words.
            said TEXT NOT NULL,
            language TEXT NOT NULL,
            model TEXT NOT NULL,
            calls INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            -- US dollars; NULL where it is not known.
            cost REAL,
            at TEXT NOT NULL
        ) STRICT;
CREATE INDEX recaps_by_conversation ON recaps (conversation);
CREATE INDEX handoffs_by_time ON handoffs (at);
