CREATE TABLE contacts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            key TEXT NOT NULL,
            name TEXT NOT NULL,
            email TEXT NOT NULL,
            language TEXT NOT NULL,
            UNIQUE (channel, key)
        ) STRICT;
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
        ) STRICT;
CREATE INDEX conversations_by_contact ON conversations (contact, last_message);
CREATE INDEX conversations_by_activity ON conversations (last_message);
CREATE INDEX conversations_by_status ON conversations (status, last_message);
CREATE INDEX conversations_by_assignee ON conversations (assignee, status, assigned_at) WHERE assignee <> '';
CREATE INDEX conversations_by_silence ON conversations (channel, silent_since) WHERE silent_since IS NOT NULL;
