"""Every older database is brought up, and a migration happens wholly or not at all."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from custagent.store.database.database import Database
from custagent.store.database.migrations import LATEST_VERSION, MIGRATIONS, bring_up, statements, version_of

SCHEMAS = Path(__file__).parent / "schemas"

#: A row for each table that a version brought, as that version wrote it.
ROWS = {
    1: [
        (
            "INSERT INTO documents (id, location, title, language, media_type, hash, sections, etag, last_modified, links,"
            " fetched_at) VALUES (7, 'a.md', 'A', 'en', 'text/plain', 'hash', '[]', '', '', '[]', 'then')"
        ),
        (
            "INSERT INTO chunks (id, document_id, ordinal, text, heading, anchor, page, language, question, hash)"
            " VALUES (9, 7, 0, 'text', '', '', NULL, 'en', '', 'hash')"
        ),
    ],
    2: [
        "INSERT INTO source_documents VALUES ('ada', 'key', 7, 1)",
        "INSERT INTO sources VALUES (1, 'ada', 'key', 'file', 'a.md', 'ready', '', NULL)",
        "INSERT INTO source_problems VALUES ('ada', 'key', 0, 'b.md', 'gone')",
    ],
    3: ["INSERT INTO vectors VALUES ('engine', 'hash', x'00')"],
    4: ["INSERT INTO applied_versions VALUES (1, 'ada', 1, 'text', 'hash', '', 'anna', 'then', 0)"],
    5: ["INSERT INTO audit VALUES (1, 'then', 'anna', 'create', 'ada', '', 'text', '')"],
    6: ["INSERT INTO credit_entries VALUES (1, 'k', 'grant', 5, '', NULL, 'conversation', 'then', '', 'hash')"],
    8: [
        "INSERT INTO contacts VALUES (3, 'ch', 'key', 'Anna', '', 'sv')",
        (
            "INSERT INTO conversations (id, channel, contact, status, agent, assignee, language, opened_at, last_message,"
            " last_message_at, last_sender, version) VALUES ('c', 'ch', 3, 'open', '', '', '', 't', 5, 't', 'agent', 2)"
        ),
    ],
    9: [
        (
            "INSERT INTO messages (id, conversation, sender, kind, text, at, language, author, options, attachments,"
            " citations, decision, reason, confidence, agent_version, index_generation, evidence)"
            " VALUES (5, 'c', 'agent', 'answer', 'Hi', 't', '', '', '', '', '', '', '', 0.9, 1, 1, '')"
        ),
        "INSERT INTO inbound VALUES ('ch', 'x1', 5, 'c', 'then', 'hash', 0)",
    ],
    10: [
        (
            "INSERT INTO outbox (message, channel, conversation, sender, status, charge, attempts, next_at, changed_at,"
            " external_id, error) VALUES (5, 'ch', 'c', 'agent', 'queued', NULL, 0, '', 'then', '', '')"
        )
    ],
    11: ["INSERT INTO lease VALUES (1, 7, 'host', 42, 'then', 'then', 15.0, 0)"],
    12: ["INSERT INTO pauses VALUES ('ada', 'anna', 'then')"],
    13: ["INSERT INTO channel_checks VALUES ('web', 'hash', '[]', 'then')"],
    14: ["INSERT INTO notices VALUES (1, 'k', 'credits-low', 'admin', '', 'Few are left', 'then')"],
    15: ["INSERT INTO feedback VALUES (5, 'c', 'up', 'then')", "INSERT INTO snoozes VALUES ('c', 'then')"],
    17: [
        "INSERT INTO absences VALUES ('anna', 'anna', 'then', NULL)",
        "INSERT INTO givings VALUES (1, 'c', 'user:anna', 5, 'then')",
        "INSERT INTO handoffs VALUES (1, 'c', 5, 'then', '{}')",
    ],
    18: [
        "INSERT INTO notes VALUES (2, 'c', 'anna', 'Called back', 'then')",
        "INSERT INTO drafts VALUES ('c', 'anna', 'Dear', 'then')",
        "INSERT INTO seen VALUES ('c', 'anna', 5)",
    ],
    19: [
        "INSERT INTO passwords VALUES ('anna', 'hash', 'then')",
        "INSERT INTO invitations VALUES ('hash', 'anna', 'then')",
        "INSERT INTO sessions VALUES ('hash', 'anna', 'then', 'then')",
        "INSERT INTO sign_in_failures VALUES ('key', 3, 'then')",
    ],
    20: [
        "INSERT INTO notifications VALUES ('evt_1', 'hash', 'handoff', 'c', '{}', 't', 'waiting', 0, 't', 't', 't', '')",
        "INSERT INTO stopped_webhooks VALUES ('hash', 'then')",
    ],
    22: [
        "INSERT INTO identities VALUES ('ch', 'phone', '4670', 3)",
        "INSERT INTO channel_events VALUES ('ch', 'e1', 5, 'c', 'then')",
        "INSERT INTO early_changes VALUES ('ch', 'x9', 'text', 'then')",
        "INSERT INTO unread_items VALUES (1, 'ch', 'poll', '{}', 'hash', 'then')",
        "INSERT INTO channel_progress VALUES ('ch', '7')",
    ],
    23: [
        "INSERT INTO reply_ways VALUES (5, 'c', 'key', '{}')",
        "INSERT INTO outbox_parts VALUES (5, 1, 'c', 'ch', 'x2', 'sent', 1)",
    ],
    24: ["INSERT INTO attached_files VALUES (5, 0, 'c', 'ch', 'hash', 0, 0, '')"],
    25: ["INSERT INTO opt_outs VALUES (3, 'then')"],
    26: [
        "INSERT INTO channel_pauses VALUES ('web', 'anna', 'then')",
        "INSERT INTO channel_troubles VALUES ('web', 'sending', 'then', 'refused', NULL)",
    ],
    27: ["INSERT INTO judgements VALUES (5, 'c', 'anna', 'down', 'then')"],
    28: [
        "INSERT INTO early_updates VALUES ('ch', 'x7', 'read', '', 'then')",
        "INSERT INTO watermarks VALUES (3, 'read', 'then')",
    ],
    29: ["INSERT INTO recaps VALUES (1, 'c', 'checked', '{}', 'en', 'openai/x', 1, 900, 40, 0.001, 'then')"],
    30: [
        "INSERT INTO gaps VALUES (1, 'ada', 'unanswered', 'answered', 'then', NULL)",
        "INSERT INTO gap_questions VALUES (5, 0, 1, 'c', 1, 'refund', 'hash', 'AAAA')",
        "INSERT INTO gaps_read VALUES ('ada', 5)",
    ],
}


def build(path: Path, version: int) -> sqlite3.Connection:
    """A database as the custagent of that version left it, with a row in each of its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    # These files need not survive a power cut.
    connection.execute("PRAGMA synchronous = OFF")
    if version:
        bring_up(connection, MIGRATIONS[:version])
    for number in range(1, version + 1):
        for statement in ROWS.get(number, ()):
            connection.execute(statement)
    return connection


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """What was created, by name, without sqlite's and sqlite-utils' own."""
    return dict(
        connection.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%' ORDER BY type <> 'table', rowid"
        )
    )


def columns(connection: sqlite3.Connection, tables: list[str]) -> dict[str, str]:
    """By table; a later version may add some."""
    return {
        table: ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall())
        for table in tables
    }


def rows(connection: sqlite3.Connection, wanted: dict[str, str]) -> dict[str, list]:
    return {table: connection.execute(f"SELECT {names} FROM {table}").fetchall() for table, names in wanted.items()}


@pytest.mark.parametrize("version", range(LATEST_VERSION + 1))
def test_every_older_database_is_brought_up(path, version):
    with closing(build(path, version)) as old:
        tables = [row[0] for row in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in tables if "sqlite_" not in name]
        wanted = columns(old, tables)
        before = rows(old, wanted)
    with Database(path) as database:
        assert database.read(version_of) == LATEST_VERSION
        assert database.read(lambda connection: rows(connection, wanted)) == before
        brought_up = database.read(schema)
        assert database.read(lambda connection: connection.execute("PRAGMA foreign_key_check").fetchall()) == []
    with Database(path.with_name("new.db")) as new:
        assert brought_up == new.read(schema)


@pytest.mark.parametrize("version", range(1, LATEST_VERSION + 1))
def test_what_landed_is_never_edited(tmp_path, version):
    """A change of the tables is a new migration with a new file here, whatever it costs."""
    with (
        closing(build(tmp_path / "before.db", version - 1)) as before,
        closing(build(tmp_path / "a.db", version)) as after,
    ):
        older = schema(before)
        brought = {name: sql for name, sql in schema(after).items() if older.get(name) != sql}
    landed = (SCHEMAS / f"{version:03}.sql").read_text(encoding="utf-8")
    assert "".join(f"{sql};\n" for sql in brought.values()) == landed


def test_names_tell_their_order():
    assert [step.__name__[:5] for step in MIGRATIONS] == [f"m{number:03}_" for number in range(1, LATEST_VERSION + 1)]


def test_a_step_that_fails_leaves_the_file_as_it_was(path):
    def m998_create_wishes(database):
        database.executescript("CREATE TABLE wishes (id);")

    def m999_fail(database):
        database.executescript("CREATE TABLE fears (id); SELECT * FROM nowhere;")

    with closing(build(path, LATEST_VERSION)) as connection:
        before = schema(connection)
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            bring_up(connection, (*MIGRATIONS, m998_create_wishes, m999_fail))
        assert not connection.in_transaction
        assert (version_of(connection), schema(connection)) == (LATEST_VERSION, before)
        bring_up(connection, (*MIGRATIONS, m998_create_wishes))
        assert "wishes" in schema(connection)


def test_a_step_that_breaks_references_is_refused(path):
    def m999_lose_documents(database):
        database.executescript("DELETE FROM documents;")

    with closing(build(path, LATEST_VERSION)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="refer to nothing"):
            bring_up(connection, (*MIGRATIONS, m999_lose_documents))
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def test_killed_in_the_middle(path):
    program = """
import sqlite3, sys
from custagent.store.database.migrations import MIGRATIONS, bring_up
def m999_hang(database):
    database.executescript("CREATE TABLE half (id);")
    print("inside", flush=True)
    sys.stdin.read()
bring_up(sqlite3.connect(sys.argv[1], isolation_level=None), (*MIGRATIONS, m999_hang))
"""
    build(path, 2).close()
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "inside\n"
        process.send_signal(signal.SIGKILL)
    with closing(sqlite3.connect(path)) as connection:
        assert version_of(connection) == 2
        assert "half" not in schema(connection)
        assert "vectors" not in schema(connection)
    Database(path).close()


def test_processes_that_migrate_at_once(tmp_path):
    """All succeed, and the file is migrated once."""
    program = """
import sys
from pathlib import Path
import sqlite_utils
from custagent.store.database.database import Database
print("ready", flush=True)
for line in sys.stdin:
    with Database(Path(line.strip())) as database:
        print(database.read(lambda connection: connection.execute("SELECT count(*) FROM documents").fetchone()[0]), flush=True)
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for number in range(8):
        path = tmp_path / f"{number}.db"
        build(path, number % 3).close()
        for process in processes:
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        said = [process.stdout.readline() for process in processes]
        assert said == [f"{min(number % 3, 1)}\n"] * 3, [process.communicate()[1] for process in processes]
        with Database(path) as database:
            seen = database.read(
                lambda connection: connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
            )
        assert seen == [(step.__name__,) for step in MIGRATIONS]
    told = "".join(process.communicate(timeout=60)[1] for process in processes).splitlines()
    # One of them tells for each file that held something; new files are nobody's loss.
    assert sorted(line.partition(" of its")[0] for line in told) == [
        f"The database was brought from version {version}" for version in (1, 1, 1, 2, 2)
    ]


def test_a_script_is_cut_into_whole_statements():
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 'x;y'; DELETE FROM c; END;"
    script = f"CREATE TABLE a (b TEXT); -- one; two\n{trigger} DROP TABLE c"
    found = [" ".join(one.split()) for one in statements(script)]
    assert found == ["CREATE TABLE a (b TEXT);", f"-- one; two {trigger}", "DROP TABLE c"]
    assert list(statements(" \n")) == []
