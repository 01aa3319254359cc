CREATE TABLE feedback (
            message INTEGER PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
            at TEXT NOT NULL
        ) STRICT;
CREATE TABLE snoozes (
            conversation TEXT NOT NULL PRIMARY KEY REFERENCES conversations (id),
            until TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_by_conversation ON feedback (conversation);
CREATE INDEX snoozes_by_end ON snoozes (until);
