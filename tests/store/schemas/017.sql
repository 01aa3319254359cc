CREATE TABLE absences (
            user TEXT NOT NULL PRIMARY KEY CHECK (user <> ''),
            actor TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT
        ) STRICT, WITHOUT ROWID;
CREATE TABLE givings (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            assignee TEXT NOT NULL CHECK (assignee LIKE 'user:%'),
            -- The last message then: what was said later was said to this user.
            message INTEGER NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
CREATE TABLE handoffs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            -- The last message before people had it: the order of the queue is theirs.
            message INTEGER NOT NULL,
            at TEXT NOT NULL,
            -- JSON; it names messages and repeats none of their words (CONV-3).
            summary TEXT NOT NULL
        ) STRICT;
CREATE INDEX givings_by_conversation ON givings (conversation, message);
CREATE INDEX givings_by_assignee ON givings (assignee, at);
CREATE INDEX handoffs_by_conversation ON handoffs (conversation, message);
