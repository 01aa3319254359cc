CREATE TABLE gaps (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            agent TEXT NOT NULL CHECK (agent <> ''),
            kind TEXT NOT NULL CHECK (kind IN ('unanswered', 'wrong')),
            status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'dismissed')),
            closed_at TEXT CHECK ((closed_at IS NULL) = (status = 'open')),
            -- When a new question opened it again; NULL where none did since it was closed last.
            reopened_at TEXT
        ) STRICT;
CREATE TABLE gap_questions (
            -- The agent's reply to it.
            reply INTEGER NOT NULL REFERENCES messages (id),
            -- 0, or the number of the question in a message that asked several.
            part INTEGER NOT NULL,
            gap INTEGER NOT NULL REFERENCES gaps (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            -- The gap is called by it.
            names INTEGER NOT NULL DEFAULT 0 CHECK (names IN (0, 1)),
            -- What new questions are compared with: made of the contact's words, and erased with them. The vector is
            -- base64 of float32, that it can be written out with the rest.
            words TEXT NOT NULL,
            engine TEXT NOT NULL,
            vector TEXT NOT NULL,
            PRIMARY KEY (reply, part)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE gaps_read (agent TEXT NOT NULL PRIMARY KEY, reply INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX gaps_by_agent ON gaps (agent, status);
CREATE INDEX gap_questions_by_gap ON gap_questions (gap);
CREATE INDEX gap_questions_by_conversation ON gap_questions (conversation);
CREATE INDEX feedback_against ON feedback (message) WHERE verdict = 'down';
CREATE INDEX judgements_against ON judgements (message) WHERE verdict = 'down';
