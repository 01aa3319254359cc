"""The file is opened safely, refused in plain words when it cannot be trusted, and shared by threads."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from custagent.core.errors import StoreError
from custagent.store.database.database import Database
from custagent.store.database.migrations import LATEST_VERSION


@pytest.fixture
def notes(database: Database) -> Database:
    database.write(lambda connection: connection.execute("CREATE TABLE scratch (text TEXT UNIQUE)").rowcount)
    return database


@pytest.fixture
def other(path: Path, notes: Database) -> Iterator[sqlite3.Connection]:
    """What another process would have."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        yield connection


def add(text: str):
    return lambda connection: connection.execute("INSERT INTO scratch VALUES (?)", (text,)).lastrowid


def texts(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM scratch ORDER BY rowid")]


class TestOpening:
    def test_folder_and_files_are_private(self, path, database):
        database.write(lambda connection: connection.execute("CREATE TABLE scratch (text)").rowcount)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        names = {each.name for each in path.parent.iterdir()}
        assert {path.name, f"{path.name}-wal"} <= names
        assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}

    def test_what_is_confirmed_is_durable_and_references_hold(self, database):
        def settings(connection):
            return [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]

        assert database.write(settings) == ["wal", 2, 1]

    def test_a_path_may_look_like_a_query(self, tmp_path):
        path = tmp_path / "a b" / "what?#50%.db"
        with Database(path) as database:
            assert database.read(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
        assert path.exists()

    def test_up_to_date_file_needs_no_heavy_library(self, path):
        Database(path).close()
        program = (
            "import sys; from pathlib import Path; from custagent.store import Store\n"
            "Store(Path(sys.argv[1]), clock=None).close()\n"
            "print(*{'numpy', 'sqlite_utils', 'pydantic', 'asyncio'} & set(sys.modules))"
        )
        run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == ""

    def test_a_newer_file_is_left_alone(self, path):
        Database(path).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {LATEST_VERSION + 3}")
        before = path.read_bytes()
        with pytest.raises(StoreError, match=f"newer custagent.*version {LATEST_VERSION + 3}") as caught:
            Database(path)
        assert "pip install --upgrade custagent" in caught.value.hint
        assert path.read_bytes() == before

    def test_a_database_of_another_program_is_left_alone(self, tmp_path):
        path = tmp_path / "photos.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE photos (id)")
        before = path.read_bytes()
        with pytest.raises(StoreError, match=r"photos\.db is a database of another program"):
            Database(path)
        assert path.read_bytes() == before

    def test_no_folder_can_be_made(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(StoreError, match="is a file, and no folder") as caught:
            Database(tmp_path / "file" / "custagent.db")
        assert "Rename it" in caught.value.hint

    def test_the_path_is_a_folder(self, tmp_path):
        with pytest.raises(StoreError, match="is a folder"):
            Database(tmp_path)


class TestDamage:
    @pytest.fixture
    def whole(self, path: Path) -> bytes:
        with Database(path) as database:
            database.write(lambda connection: connection.execute("CREATE TABLE scratch (text TEXT UNIQUE)").rowcount)
            for number in range(5):
                database.write(add(f"{number}" * 3000))
        return path.read_bytes()

    @pytest.mark.parametrize("what", ["rubbish", "cut short", "page overwritten"])
    def test_is_refused_and_named(self, path, whole, what):
        damaged = {
            "rubbish": b"not a database, whatever its name\n" * 500,
            "cut short": whole[: len(whole) // 2],
            "page overwritten": whole[:8192] + b"\xff" * 4096 + whole[12288:],
        }[what]
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"custagent\.db is damaged") as caught:
            Database(path)
        assert "backup" in caught.value.hint
        assert path.read_bytes() == damaged

    def test_in_a_large_file_is_found_by_check(self, path):
        with Database(path) as database:
            database.write(lambda connection: connection.execute("CREATE TABLE scratch (text TEXT UNIQUE)").rowcount)
            database.write(add("x" * 9_000_000))
            database.write(add("the last one"))
            database.check()
        with path.open("r+b") as file:
            root = -4096 * 2  # the last pages are those of the index on the texts
            file.seek(root, os.SEEK_END)
            file.write(b"\xff" * 8192)
        with Database(path) as database, pytest.raises(StoreError, match=r"custagent\.db is damaged"):
            database.check()


class TestWriting:
    def test_returns_what_the_function_returns(self, notes):
        assert notes.write(add("one")) == 1
        assert notes.read(texts) == ["one"]

    def test_what_it_raises_undoes_it(self, notes):
        def fail(connection):
            add("one")(connection)
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            notes.write(fail)
        assert notes.read(texts) == []

    def test_errors_of_the_database_come_in_plain_words(self, notes, path):
        notes.write(add("one"))
        with pytest.raises(StoreError, match="UNIQUE constraint failed") as caught:
            notes.write(add("one"))
        assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
        assert str(path) in caught.value.message

    def test_half_a_character_is_refused(self, notes):
        with pytest.raises(StoreError, match="half a character"):
            notes.write(add("\ud800"))
        assert notes.read(texts) == []

    def test_from_asyncio(self, notes):
        async def main():
            return await asyncio.gather(*(asyncio.wrap_future(notes.write_soon(add(f"{n}"))) for n in range(10)))

        assert asyncio.run(main()) == list(range(1, 11))

    def test_within_a_write_is_refused_instead_of_waiting_for_ever(self, notes):
        with pytest.raises(RuntimeError, match="must use the connection"):
            notes.write(lambda _: notes.write(add("one")))

    def test_a_full_disk_is_said_and_survived(self, notes):
        def limit(pages):
            return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

        notes.write(add("before"))
        notes.write(limit(1))  # SQLite takes the present size where that is more
        with pytest.raises(StoreError, match="The disk is full") as caught:
            notes.write(add("x" * 100_000))
        assert "Free some space" in caught.value.hint
        notes.write(limit(1_000_000))
        notes.write(add("after"))
        assert notes.read(texts) == ["before", "after"]

    def test_a_disk_that_takes_no_more_loses_nothing_confirmed(self, path):
        program = """
import resource, signal, sys
from pathlib import Path
from custagent.core.errors import StoreError
from custagent.store.database.database import Database
with Database(Path(sys.argv[1])) as database:
    database.write(lambda connection: connection.execute("CREATE TABLE scratch (text TEXT UNIQUE)").rowcount)
    add = lambda text: database.write(lambda connection: connection.execute("INSERT INTO scratch VALUES (?)", (text,)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    done = 0
    try:
        while done < 1000:
            add(f"{done}" + "x" * 20_000)
            done += 1
    except StoreError as error:
        print(error.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    add("room again")
    print(done)
"""
        run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        message, done = run.stdout.splitlines()
        assert str(path) in message
        assert "isk" in message
        with Database(path) as database:
            kept = database.read(texts)
        assert 0 < int(done) < 1000
        assert [text.rstrip("x") for text in kept] == [*(str(n) for n in range(int(done))), "room again"]


class TestBusy:
    def test_waits_for_another_process(self, notes, other):
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO scratch VALUES ('theirs')")
        ours = notes.write_soon(add("ours"))
        assert not ours.done()
        other.execute("COMMIT")
        ours.result(timeout=60)
        assert notes.read(texts) == ["theirs", "ours"]

    def test_says_so_when_patience_ends(self, path, notes, other):
        other.execute("BEGIN IMMEDIATE")
        with Database(path, busy_seconds=0.05) as hasty:
            with pytest.raises(StoreError, match="busy: another custagent command"):
                hasty.write(add("ours"))
            assert hasty.read(texts) == [], "readers do not wait"
            other.execute("COMMIT")
            hasty.write(add("ours"))
        assert notes.read(texts) == ["ours"]


class TestReading:
    def test_may_not_write(self, notes):
        with pytest.raises(StoreError, match="cannot be opened for writing"):
            notes.read(add("one"))
        assert notes.read(texts) == []

    def test_sees_one_moment(self, notes):
        def twice(connection):
            before = texts(connection)
            notes.write(add("meanwhile"))
            return before, texts(connection)

        assert notes.read(twice) == ([], [])
        assert notes.read(texts) == ["meanwhile"]

    def test_a_failing_query_leaves_the_connection_usable(self, notes):
        with pytest.raises(StoreError, match="no such table"):
            notes.read(lambda connection: connection.execute("SELECT * FROM nowhere").fetchall())
        with pytest.raises(ZeroDivisionError):
            notes.read(lambda connection: len(texts(connection)) / 0)
        assert notes.read(texts) == []

    def test_many_threads_at_once(self, notes):
        notes.write(add("one"))
        together = threading.Barrier(16)

        def query(connection):
            together.wait(timeout=60)
            return texts(connection)

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(lambda _: notes.read(query), range(16))) == [["one"]] * 16
        assert notes.read(texts) == ["one"]


class TestClosing:
    def test_commits_what_was_queued(self, path):
        database = Database(path)
        database.write(lambda connection: connection.execute("CREATE TABLE scratch (text)").rowcount)
        queued = [database.write_soon(add(f"{number}")) for number in range(20)]
        database.close()
        assert [each.result(timeout=0) for each in queued] == list(range(1, 21))

    def test_leaves_one_file(self, path, notes):
        notes.write(add("one"))
        notes.read(texts)
        notes.close()
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_twice_and_then_used(self, notes):
        notes.close()
        notes.close()
        for use in (notes.read, notes.write, notes.write_soon):
            with pytest.raises(StoreError, match="is closed"):
                use(texts)

    def test_while_a_reader_reads(self, notes):
        notes.write(add("one"))

        def query(connection):
            notes.close()
            return texts(connection)

        assert notes.read(query) == ["one"]
