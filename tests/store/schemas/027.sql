CREATE TABLE judgements (
            message INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
            at TEXT NOT NULL
        ) STRICT;
CREATE INDEX judgements_by_conversation ON judgements (conversation);
CREATE INDEX conversations_by_language
            ON conversations (status, language, waiting_since IS NULL, waiting_since, last_message);
CREATE INDEX conversations_by_channel
            ON conversations (status, channel, waiting_since IS NULL, waiting_since, last_message);
