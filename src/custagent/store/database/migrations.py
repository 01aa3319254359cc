"""How the tables came to be: one function a step, never edited once it has landed; the next change is a new function.

`tests/store/schemas/` keeps what each version looked like.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from custagent.store.database.faults import patiently
from custagent.store.tables.channel_state_tables import m026_create_channel_states
from custagent.store.tables.channel_tables import (
    m022_create_channel_news,
    m023_create_reply_ways,
    m024_create_attached_files,
    m025_create_opt_outs,
)
from custagent.store.tables.conversation_tables import (
    m008_create_conversations,
    m009_create_messages,
    m010_create_outbox,
    m011_create_lease,
)
from custagent.store.tables.delivery_tables import m028_create_early_news
from custagent.store.tables.document_tables import m031_add_chunk_start, m032_add_page_date
from custagent.store.tables.gap_tables import m030_create_gaps
from custagent.store.tables.inbox_tables import (
    m018_create_inbox,
    m019_create_sign_in,
    m020_create_notifications,
    m021_widen_waiting_index,
    m027_create_judgements,
)
from custagent.store.tables.live_tables import m012_create_pauses, m013_create_channel_checks
from custagent.store.tables.people_tables import m017_create_absences_and_handoffs, m029_create_recaps
from custagent.store.tables.record_tables import (
    m014_create_notices,
    m015_create_feedback_and_snoozes,
    m016_create_search,
)

if TYPE_CHECKING:
    import sqlite_utils

    Step: TypeAlias = Callable[[sqlite_utils.Database], None]

#: "cusa", in the file's header: tells our files from those of other programs.
APPLICATION_ID = 0x63757361


def m001_create_documents(database: sqlite_utils.Database) -> None:
    """Pages and their passages."""
    database.executescript("""
        -- One row a location, shared by all agents (SRC-8).
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            location TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            language TEXT NOT NULL,
            media_type TEXT NOT NULL,
            hash TEXT NOT NULL,
            sections TEXT NOT NULL,
            etag TEXT NOT NULL,
            last_modified TEXT NOT NULL,
            links TEXT NOT NULL,
            fetched_at TEXT NOT NULL
        ) STRICT;

        -- AUTOINCREMENT: an index refers to the ids, so none may ever come back with another text.
        CREATE TABLE chunks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            text TEXT NOT NULL,
            heading TEXT NOT NULL,
            anchor TEXT NOT NULL,
            page INTEGER,
            language TEXT NOT NULL,
            question TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
        -- With the page: pages and chunks of a source are counted without touching the texts.
        CREATE INDEX chunks_by_document ON chunks (document_id, page);
        CREATE INDEX chunks_by_hash ON chunks (hash);
    """)


def m002_create_sources(database: sqlite_utils.Database) -> None:
    """What was added to which agent, how far it has been read, and what it holds."""
    database.executescript("""
        -- Which source of which agent holds which document; seq is the order in which they came.
        CREATE TABLE source_documents (
            agent TEXT NOT NULL,
            source TEXT NOT NULL,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            PRIMARY KEY (agent, source, document_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX source_documents_by_document ON source_documents (document_id, agent);
        CREATE UNIQUE INDEX source_documents_by_seq ON source_documents (agent, source, seq);

        CREATE TABLE sources (
            id INTEGER PRIMARY KEY,
            agent TEXT NOT NULL,
            key TEXT NOT NULL,
            kind TEXT NOT NULL,
            location TEXT NOT NULL,
            status TEXT NOT NULL,
            error TEXT NOT NULL,
            synced_at TEXT,
            UNIQUE (agent, key)
        ) STRICT;
        CREATE TABLE source_problems (
            agent TEXT NOT NULL,
            key TEXT NOT NULL,
            position INTEGER NOT NULL,
            location TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (agent, key, position),
            FOREIGN KEY (agent, key) REFERENCES sources (agent, key) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
    """)


def m003_create_vectors(database: sqlite_utils.Database) -> None:
    """Vectors by the hash of their text."""
    database.executescript("""
        -- With rowids although it has a key: rows of 1.5 KB spill into overflow pages otherwise (2.2 times the size,
        -- 3 times the time to write, measured with 20,000 vectors).
        CREATE TABLE vectors (
            engine TEXT NOT NULL,
            hash TEXT NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (engine, hash)
        ) STRICT;
    """)


def m004_create_applied_versions(database: sqlite_utils.Database) -> None:
    """The texts that went live (CRE-6)."""
    database.executescript("""
        CREATE TABLE applied_versions (
            id INTEGER PRIMARY KEY,
            agent TEXT NOT NULL,
            version INTEGER NOT NULL,
            text TEXT NOT NULL,
            hash TEXT NOT NULL,
            git_commit TEXT NOT NULL,
            actor TEXT NOT NULL,
            applied_at TEXT NOT NULL,
            retired INTEGER NOT NULL DEFAULT 0,
            UNIQUE (agent, version)
        ) STRICT;
    """)


def m005_create_audit(database: sqlite_utils.Database) -> None:
    """Who changed what (CRE-3)."""
    database.executescript("""
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            git_commit TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_subject ON audit (subject);
    """)


def m006_create_credit_entries(database: sqlite_utils.Database) -> None:
    """The ledger."""
    database.executescript("""
        -- Only ever added to; the balance is the sum of the amounts (CRED-2). Each entry names the hash of the one before.
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
    """)


def m007_guard_credit_entries(database: sqlite_utils.Database) -> None:
    """The rules of the ledger hold whatever program writes to it (CRED-2)."""
    database.executescript("""
        CREATE TRIGGER credit_entries_never_change BEFORE UPDATE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'credit entries are never changed'); END;
        CREATE TRIGGER credit_entries_never_go BEFORE DELETE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'credit entries are never deleted'); END;
        -- INSERT OR REPLACE deletes without asking the trigger above.
        CREATE TRIGGER credit_entries_never_give_way BEFORE INSERT ON credit_entries
        WHEN EXISTS (
            SELECT 1 FROM credit_entries
            WHERE id = NEW.id OR key = NEW.key OR reverses = NEW.reverses
               OR hash = NEW.hash OR previous_hash = NEW.previous_hash
        )
        BEGIN SELECT RAISE(ABORT, 'this credit entry exists already'); END;
        CREATE TRIGGER credit_entries_charge_once BEFORE INSERT ON credit_entries
        WHEN NEW.kind = 'charge' AND EXISTS (
            SELECT 1 FROM credit_entries AS charge
            WHERE charge.conversation = NEW.conversation AND charge.kind = 'charge'
              AND NOT EXISTS (SELECT 1 FROM credit_entries AS reversal WHERE reversal.reverses = charge.id)
        )
        BEGIN SELECT RAISE(ABORT, 'the conversation has a charge that is not reversed'); END;
        CREATE TRIGGER credit_entries_reverse_in_full BEFORE INSERT ON credit_entries
        WHEN NEW.kind = 'reversal' AND NOT EXISTS (
            SELECT 1 FROM credit_entries
            WHERE id = NEW.reverses AND kind = 'charge' AND conversation = NEW.conversation AND amount = -NEW.amount
        )
        BEGIN SELECT RAISE(ABORT, 'a reversal gives back one charge of its conversation in full'); END;
        -- Afterwards, because only then is the id known: the entry is the last one and follows the one before.
        CREATE TRIGGER credit_entries_keep_the_chain AFTER INSERT ON credit_entries
        WHEN NEW.id <> (SELECT max(id) FROM credit_entries)
          OR NEW.previous_hash <> coalesce(
              (SELECT hash FROM credit_entries WHERE id < NEW.id ORDER BY id DESC LIMIT 1), '')
        BEGIN SELECT RAISE(ABORT, 'a credit entry names the hash of the one before'); END;
    """)


#: In order; the length is the version of the schema.
MIGRATIONS: tuple[Step, ...] = (
    m001_create_documents,
    m002_create_sources,
    m003_create_vectors,
    m004_create_applied_versions,
    m005_create_audit,
    m006_create_credit_entries,
    m007_guard_credit_entries,
    m008_create_conversations,
    m009_create_messages,
    m010_create_outbox,
    m011_create_lease,
    m012_create_pauses,
    m013_create_channel_checks,
    m014_create_notices,
    m015_create_feedback_and_snoozes,
    m016_create_search,
    m017_create_absences_and_handoffs,
    m018_create_inbox,
    m019_create_sign_in,
    m020_create_notifications,
    m021_widen_waiting_index,
    m022_create_channel_news,
    m023_create_reply_ways,
    m024_create_attached_files,
    m025_create_opt_outs,
    m026_create_channel_states,
    m027_create_judgements,
    m028_create_early_news,
    m029_create_recaps,
    m030_create_gaps,
    m031_add_chunk_start,
    m032_add_page_date,
)
LATEST_VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """How many of the migrations the file has seen; 0 for a new file. Costs one read of the file's header."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up(
    connection: sqlite3.Connection,
    steps: Sequence[Step] = MIGRATIONS,
    *,
    busy_seconds: float = 30.0,
    before: Callable[[int], None] = lambda _version: None,
) -> None:
    """Apply the steps that the file has not seen, all in one transaction: a kill leaves the file as it was.

    Several processes may do this at once: the first one migrates, the others wait and find nothing left to do.
    `before` is called with the version of a file that will be changed, while nobody else can write to it; what it
    raises leaves the file as it was. `connection` must have foreign keys off, SQLite's default, so that a step may
    rebuild a table.
    """
    patiently(lambda: connection.execute("BEGIN IMMEDIATE"), busy_seconds)
    try:
        version = version_of(connection)
        if version < len(steps):
            if version:
                before(version)
            _apply(connection, steps)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def statements(script: str) -> Iterator[str]:
    """The statements of a script, of which triggers hold several; what comes after the last semicolon is one too."""
    begun = ""
    for part in script.split(";")[:-1]:
        begun += f"{part};"
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""
    begun += script.rpartition(";")[2]
    if begun.strip():
        yield begun


def _apply(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    # Here and not above: importing it takes numpy and a quarter of a second, and a file is migrated only once.
    import sqlite_utils

    class Quick(sqlite_utils.Database):
        """Its own way looks for the end of a statement behind each letter: half the time that a new file takes."""

        def executescript(self, sql: str) -> sqlite3.Cursor:
            cursor = self.conn.cursor()
            for statement in statements(sql):
                cursor.execute(statement)
            return cursor

    migrations = sqlite_utils.Migrations("custagent")
    for step in steps:
        migrations(name=step.__name__)(step)
    migrations.apply(Quick(connection, execute_plugins=False))
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise sqlite3.IntegrityError("a migration left rows that refer to nothing")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
