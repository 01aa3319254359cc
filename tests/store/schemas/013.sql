CREATE TABLE channel_checks (
            channel TEXT NOT NULL PRIMARY KEY CHECK (channel <> ''),
            -- The hash of what was checked: a check of other settings says nothing.
            settings TEXT NOT NULL,
            -- JSON: [what was looked at, what is wrong with it], "" when it is right.
            steps TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
