CREATE TABLE conversations (
            id TEXT NOT NULL PRIMARY KEY,
            channel TEXT NOT NULL,
            contact INTEGER NOT NULL REFERENCES contacts (id),
            status TEXT NOT NULL CHECK (status IN ('pending', 'open', 'snoozed', 'closed')),
            -- While it is closed: the status that it was closed from, which tells who had it.
            closed_from TEXT CHECK ((closed_from IS NULL) = (status <> 'closed')),
            agent TEXT NOT NULL,
            assignee TEXT NOT NULL,
            -- When it was given to the assignee of now: who waited longest is given the next (HND-1).
            assigned_at TEXT CHECK (assigned_at IS NOT NULL OR assignee = ''),
            language TEXT NOT NULL,
            opened_at TEXT NOT NULL,
            -- Clocks are set back, so the order is that of the last messages' ids; the times are for the timer.
            last_message INTEGER NOT NULL,
            last_message_at TEXT NOT NULL,
            last_sender TEXT NOT NULL CHECK (last_sender IN ('contact', 'agent', 'person')),
            closed_at TEXT CHECK ((closed_at IS NULL) = (status <> 'closed')),
            outcome TEXT CHECK (outcome IS NULL OR status = 'closed'),
            version INTEGER NOT NULL,
            -- NULL where silence closes nothing: see Threading.closes (CONV-1).
            silent_since TEXT GENERATED ALWAYS AS (
                CASE WHEN status = 'pending' OR (status = 'open' AND last_sender = 'person') THEN last_message_at END
            ) VIRTUAL
        , waiting_since TEXT) STRICT;
CREATE TABLE notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            text TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
CREATE TABLE drafts (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            author TEXT NOT NULL CHECK (author <> ''),
            text TEXT NOT NULL CHECK (text <> ''),
            at TEXT NOT NULL,
            PRIMARY KEY (conversation, author)
        ) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            user TEXT NOT NULL CHECK (user <> ''),
            message INTEGER NOT NULL,
            PRIMARY KEY (conversation, user)
        ) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_by_waiting ON conversations (status, waiting_since IS NULL, waiting_since, last_message);
CREATE INDEX conversations_by_owner
            ON conversations (assignee, status, waiting_since IS NULL, waiting_since, last_message);
CREATE INDEX notes_by_conversation ON notes (conversation, id);
