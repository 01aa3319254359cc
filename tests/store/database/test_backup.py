"""Copies are whole, of one moment, and for the owner alone; nothing unfinished is ever left under a backup's name."""

import os
import sqlite3
import stat
import threading
import time
from contextlib import closing

import pytest

from custagent.core.errors import StoreError
from custagent.core.message import MessageKind
from custagent.store import Store
from custagent.store.database.backup import contents_of, copy_before_upgrade, copy_database, examine
from custagent.store.database.backup_folder import backups, checksum_path, folder_of
from custagent.store.database.migrations import LATEST_VERSION


def dump(path):
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


@pytest.fixture
def talk(desk):
    """Three conversations, two of them answered and charged."""
    begun = [desk.hear(key=f"k{number}") for number in range(3)]
    for one in begun[:2]:
        desk.say(one.conversation, MessageKind.ANSWER)
    return begun


def test_a_copy_holds_every_row_and_needs_nothing_beside_it(store, path, tmp_path, talk):
    copy = tmp_path / "copy.db"
    copy_database(path, copy)
    assert {each.name for each in tmp_path.iterdir()} == {"state", "copy.db", "copy.db.sha256"}
    assert dump(copy) == dump(path)
    assert {each.name for each in tmp_path.iterdir()} == {"state", "copy.db", "copy.db.sha256"}
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(checksum_path(copy).stat().st_mode) == 0o600


def test_what_it_holds_is_counted(store, path, tmp_path, talk, clock):
    copy_database(path, tmp_path / "copy.db")
    held = examine(tmp_path / "copy.db")
    assert (held.version, held.conversations, held.messages) == (LATEST_VERSION, 3, 5)
    assert (held.credit_entries, held.balance, held.changes) == (2, -200, 0)
    assert held.last_message_at == clock.now()


def test_one_without_rows_is_no_fault(path, tmp_path):
    Store(path, None).close()
    copy_database(path, tmp_path / "copy.db")
    assert examine(tmp_path / "copy.db").last_message_at is None


def test_progress_is_told(store, path, tmp_path, talk):
    told = []
    copy_database(path, tmp_path / "copy.db", progress=lambda done, of: told.append((done, of)))
    assert told
    assert told[-1][0] == told[-1][1] > 10


def test_it_is_one_moment_while_others_write(store, path, tmp_path, desk):
    """Each turn writes a message and a charge: no copy may have one without the other."""
    store.conversations.commit(desk.turn(desk.hear(key="first").conversation, MessageKind.ANSWER))
    ended, written = threading.Event(), []

    def write():
        while not ended.is_set():
            begun = desk.hear(key=f"k{len(written)}")
            desk.say(begun.conversation, MessageKind.ANSWER)
            written.append(begun)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for number in range(8):
            before = len(written)
            copy_database(path, tmp_path / f"{number}.db")
            # The writer went on meanwhile: a copy that held it up would never see this.
            deadline = time.monotonic() + 30
            while len(written) == before:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            held = examine(tmp_path / f"{number}.db")
            with closing(sqlite3.connect(tmp_path / f"{number}.db")) as connection:
                replies = connection.execute("SELECT count(*) FROM messages WHERE sender = 'agent'").fetchone()[0]
            assert held.credit_entries == replies
            counts.append(held.messages)
    finally:
        ended.set()
        writer.join()
    assert counts == sorted(counts)
    assert len(set(counts)) > 1


class TestRefused:
    @pytest.mark.usefixtures("talk")
    def test_a_damaged_source_leaves_no_copy(self, store, path, tmp_path):
        store.close()
        content = bytearray(path.read_bytes())
        content[8192:12288] = b"\xff" * 4096
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"custagent\.db is damaged"):
            copy_database(path, tmp_path / "copy.db")
        assert [each.name for each in tmp_path.iterdir()] == ["state"]

    @pytest.mark.usefixtures("store")
    def test_a_folder_that_is_not_there(self, path, tmp_path):
        with pytest.raises(StoreError, match="cannot be written") as caught:
            copy_database(path, tmp_path / "nowhere" / "copy.db")
        assert "folder" in caught.value.hint

    @pytest.mark.usefixtures("store", "talk")
    def test_a_full_disk_leaves_nothing_behind(self, path, tmp_path):
        """In a child process, whose files may not grow beyond what the database has."""
        import subprocess
        import sys

        program = """
import resource, sys
from pathlib import Path
from custagent.core.errors import StoreError
from custagent.store.database.backup import copy_database
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    copy_database(Path(sys.argv[1]), Path(sys.argv[2]))
except StoreError as error:
    print(error.message)
"""
        target = tmp_path / "copy.db"
        done = subprocess.run([sys.executable, "-c", program, path, target], capture_output=True, text=True, check=True)
        assert "copy.db" in done.stdout, done.stderr
        assert [each.name for each in tmp_path.iterdir()] == ["state"]

    @pytest.mark.usefixtures("store")
    def test_what_an_older_kill_left_is_swept(self, path, tmp_path):
        old, young = tmp_path / ".a.db.1.part", tmp_path / ".b.db.2.part"
        for left in (old, young):
            left.touch()
        os.utime(old, (1, 1))
        copy_database(path, tmp_path / "copy.db")
        assert not old.exists()
        assert young.exists(), "another copy may be under way"


class TestExamining:
    @pytest.fixture
    def copy(self, path, tmp_path, talk):
        assert len(talk) == 3
        copy_database(path, tmp_path / "copy.db")
        return tmp_path / "copy.db"

    def test_one_flipped_bit_anywhere_is_seen(self, copy):
        content = bytearray(copy.read_bytes())
        for place in (100, len(content) // 2, len(content) - 1):
            content[place] ^= 1
            copy.write_bytes(content)
            with pytest.raises(StoreError, match="checksum has changed") as caught:
                examine(copy)
            assert "Nothing was changed" in caught.value.hint
            content[place] ^= 1

    def test_without_its_checksum_the_structure_is_looked_through(self, copy):
        checksum_path(copy).unlink()
        assert examine(copy).conversations == 3
        content = bytearray(copy.read_bytes())
        content[8192:12288] = b"\xff" * 4096
        copy.write_bytes(content)
        with pytest.raises(StoreError, match=r"copy\.db cannot be used as a backup: it is damaged"):
            examine(copy)

    @pytest.mark.parametrize("content", [b"", b"not a database, whatever its name\n" * 500])
    def test_rubbish_is_refused(self, tmp_path, content):
        (tmp_path / "x.db").write_bytes(content)
        with pytest.raises(StoreError, match=r"x\.db cannot be used as a backup"):
            examine(tmp_path / "x.db")

    def test_another_programs_database_is_refused(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
            connection.execute("CREATE TABLE photos (id)")
        with pytest.raises(StoreError, match="no database of custagent"):
            examine(tmp_path / "x.db")

    def test_a_newer_one_is_refused(self, copy):
        checksum_path(copy).unlink()
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute(f"PRAGMA user_version = {LATEST_VERSION + 1}")
        with pytest.raises(StoreError, match="newer custagent") as caught:
            examine(copy)
        assert "pip install --upgrade" in caught.value.hint

    def test_a_missing_one_is_named(self, tmp_path):
        with pytest.raises(StoreError, match=r"no file .*x\.db"):
            examine(tmp_path / "x.db")


class TestBeforeAnUpgrade:
    @pytest.mark.usefixtures("talk")
    def test_rows_are_kept_once_however_often_it_is_begun(self, store, path):
        store.close()
        first = copy_before_upgrade(path, 13)
        assert first.name == f"upgrade-from-13-to-{LATEST_VERSION}.db"
        assert copy_before_upgrade(path, 13) == first
        assert [one.path for one in backups(path)] == [first]
        assert {each.name for each in folder_of(path).iterdir()} == {first.name, checksum_path(first).name}

    @pytest.mark.usefixtures("store", "talk")
    def test_a_later_state_is_kept_beside_the_first(self, path, desk):
        first = copy_before_upgrade(path, 13)
        desk.hear(key="later")
        second = copy_before_upgrade(path, 13)
        assert second != first
        assert (examine(first).conversations, examine(second).conversations) == (3, 4)

    def test_nothing_is_kept_of_nothing(self, path):
        Store(path, None).close()
        assert copy_before_upgrade(path, 13) is None
        assert not folder_of(path).exists()


def test_contents_of_an_older_database(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE audit (id)")
        connection.execute("INSERT INTO audit VALUES (1)")
        held = contents_of(connection)
    assert (held.conversations, held.credit_entries, held.changes, held.last_message_at) == (0, 0, 1, None)
