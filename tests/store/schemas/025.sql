CREATE TABLE opt_outs (
            contact INTEGER PRIMARY KEY REFERENCES contacts (id),
            at TEXT NOT NULL
        ) STRICT;
