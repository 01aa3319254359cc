"""A backup takes the place of the database whole or not at all, and what was there is kept."""

import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld, StoreError
from custagent.core.message import MessageKind
from custagent.store import LeaseHolder, Store
from custagent.store.database.backup import copy_database, examine
from custagent.store.database.backup_folder import folder_of
from custagent.store.database.migrations import LATEST_VERSION, MIGRATIONS, bring_up
from custagent.store.database.restore import contents_at, restore

TTL = timedelta(seconds=15)


@pytest.fixture
def backup(store, path, tmp_path, desk):
    """A copy with one conversation; the database has gone on to three since."""
    desk.say(desk.hear(key="k1").conversation, MessageKind.ANSWER)
    copy_database(path, tmp_path / "backup.db")
    for key in ("k2", "k3"):
        desk.say(desk.hear(key=key).conversation, MessageKind.ANSWER)
    return tmp_path / "backup.db"


@pytest.fixture
def put_back(backup, path, clock):
    holder = LeaseHolder(host="here", pid=1, since=clock.now())
    return lambda: restore(backup, path, holder=holder, at=clock.now())


def rows(path, table):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


TABLES = ("contacts", "conversations", "messages", "inbound", "outbox", "credit_entries", "applied_versions", "audit")


def damage(path):
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)


class TestAWholeDatabase:
    def test_every_row_is_that_of_the_backup(self, store, put_back, backup, path):
        store.close()
        done = put_back()
        assert (done.before.conversations, done.after.conversations, done.backup_version) == (3, 1, LATEST_VERSION)
        assert {table: rows(path, table) for table in TABLES} == {table: rows(backup, table) for table in TABLES}

    def test_what_was_there_is_kept_whole(self, store, put_back, path):
        store.close()
        before = {table: rows(path, table) for table in TABLES}
        kept = put_back().replaced
        assert kept.parent == folder_of(path)
        assert kept.name.startswith("replaced-")
        assert {table: rows(kept, table) for table in TABLES} == before
        assert examine(kept).conversations == 3

    def test_and_can_itself_be_put_back(self, store, put_back, path, clock):
        store.close()
        kept = put_back().replaced
        restore(kept, path, holder=LeaseHolder(host="here", pid=1, since=clock.now()), at=clock.now())
        assert contents_at(path).conversations == 3

    def test_whoever_has_it_open_goes_on_with_the_new_rows(self, store, put_back, desk):
        put_back()
        assert len(store.conversations.list()) == 1
        desk.hear(key="k9")
        assert len(store.conversations.list()) == 2

    def test_nothing_else_is_left(self, store, put_back, path):
        store.close()
        put_back()
        assert {each.name for each in path.parent.iterdir()} == {path.name, "backups", "runner.lock"}

    @pytest.mark.usefixtures("store")
    def test_numbers_that_were_given_away_are_not_given_again(self, put_back, desk):
        last = desk.hear(key="k4").message.id
        put_back()
        assert desk.hear(key="k5").message.id > last

    def test_the_ledger_goes_on_without_a_gap(self, store, put_back, desk):
        put_back()
        desk.say(desk.hear(key="k5").conversation, MessageKind.ANSWER)
        assert [entry.id for entry in store.ledger.entries()] == [1, 2]
        assert store.ledger.verify() is None

    def test_the_backup_itself_is_not_changed(self, put_back, backup):
        before = backup.read_bytes()
        put_back()
        assert backup.read_bytes() == before


class TestRunners:
    def test_a_live_one_is_named_and_nothing_changes(self, store, put_back, clock, path):
        store.lease.acquire(LeaseHolder(host="shop-1", pid=7, since=clock.now()), TTL, clock.now())
        with pytest.raises(LeaseHeld, match="process 7 on shop-1"):
            put_back()
        assert contents_at(path).conversations == 3
        assert list(folder_of(path).glob("*")) == []

    def test_the_next_one_begins_at_once(self, store, put_back, clock):
        put_back()
        assert store.lease.acquire(LeaseHolder(host="shop-1", pid=7, since=clock.now()), TTL, clock.now()) > 0

    def test_one_that_slept_through_it_finds_its_token_stale(self, store, put_back, clock):
        token = store.lease.acquire(LeaseHolder(host="shop-1", pid=7, since=clock.now()), TTL, clock.now())
        clock.advance(minutes=1)
        store.lease.close()
        put_back()
        with pytest.raises(LeaseHeld, match="no hold"):
            store.lease.check(token)
        with pytest.raises(LeaseHeld, match="no hold"):
            store.lease.renew(token, TTL, clock.now())
        after = store.lease.acquire(LeaseHolder(host="shop-2", pid=8, since=clock.now()), TTL, clock.now())
        assert after > token

    @pytest.mark.usefixtures("backup")
    def test_a_failure_lets_runners_in_again(self, store, put_back, path, clock):
        """The old database cannot be kept aside, so nothing is done."""
        folder_of(path).write_text("a file is in the way")
        with pytest.raises(StoreError, match="could not be replaced"):
            put_back()
        assert contents_at(path).conversations == 3
        assert store.lease.holder(clock.now()) is None


class TestADamagedDatabase:
    def test_is_moved_aside_as_it_is(self, store, put_back, backup, path):
        store.close()
        damage(path)
        before = path.read_bytes()
        done = put_back()
        assert done.replaced.read_bytes() == before
        assert {table: rows(path, table) for table in TABLES} == {table: rows(backup, table) for table in TABLES}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Store(path, None) as opened:
            opened.check()

    def test_its_log_goes_with_it(self, store, put_back, path):
        """A log that stayed would be read into the new database."""
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("SELECT * FROM audit").fetchall()
            store.close()
            log = path.with_name(f"{path.name}-wal")
            kept_log = log.read_bytes()
        assert kept_log
        damage(path)
        log.write_bytes(kept_log)
        replaced = put_back().replaced
        assert replaced.with_name(f"{replaced.name}-wal").read_bytes() == kept_log
        assert contents_at(path).conversations == 1

    def test_numbers_leave_room_for_what_may_have_been_given(self, put_back, desk, path, make_desk):
        last = desk.hear(key="k4").message.id
        desk.store.close()
        damage(path)
        put_back()
        with Store(path, desk.clock) as opened:
            assert make_desk(opened, desk.clock).hear(key="k5", external_id="new").message.id > last + 1000

    def test_in_use_by_another_process_it_is_left_alone(self, store, put_back, path):
        store.close()
        program = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT * FROM audit").fetchall()
print("open", flush=True)
sys.stdin.read()
"""
        with subprocess.Popen(
            [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout.readline() == "open\n"
            damage(path)
            before = path.read_bytes()
            with pytest.raises(StoreError, match="in use by another custagent process"):
                put_back()
            assert path.read_bytes() == before
            other.stdin.close()
        put_back()

    def test_a_missing_one_is_made(self, store, put_back, path):
        store.close()
        path.unlink()
        done = put_back()
        assert (done.before, done.replaced) == (None, None)
        assert contents_at(path).conversations == 1


class TestTheBackup:
    @pytest.mark.usefixtures("store")
    def test_a_damaged_one_changes_nothing(self, put_back, backup, path):
        damage(backup)
        with pytest.raises(StoreError, match="cannot be used as a backup"):
            put_back()
        assert contents_at(path).conversations == 3
        assert not folder_of(path).exists()

    def test_an_older_one_is_brought_up_to_date(self, store, path, tmp_path, clock):
        old = tmp_path / "old.db"
        with closing(sqlite3.connect(old, isolation_level=None)) as connection:
            bring_up(connection, MIGRATIONS[:11])
        done = restore(old, path, holder=LeaseHolder(host="here", pid=1, since=clock.now()), at=clock.now())
        assert (done.backup_version, done.after.version) == (11, LATEST_VERSION)
        assert store.pauses.paused() == {}

    @pytest.mark.usefixtures("backup")
    def test_one_in_wal_mode_with_its_log_is_taken_whole(self, store, path, tmp_path, clock):
        """As somebody copies the files by hand, while the log still holds something."""
        by_hand = tmp_path / "by-hand.db"
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{by_hand}{suffix}")
        store.close()
        path.unlink()
        restore(by_hand, path, holder=LeaseHolder(host="here", pid=1, since=clock.now()), at=clock.now())
        assert contents_at(path).conversations == 3


def test_a_database_of_a_newer_custagent_can_be_gone_back_from(store, put_back, path):
    """The way back after an upgrade: the older program cannot open the file, but puts the copy of before back."""
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE wishes (id)")
        connection.execute(f"PRAGMA user_version = {LATEST_VERSION + 1}")
    replaced = put_back().replaced
    with closing(sqlite3.connect(replaced)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST_VERSION + 1,)
    with Store(path, None) as opened:
        assert len(opened.conversations.list()) == 1


def test_killed_anywhere_it_leaves_the_old_or_the_new(store, path, backup, tmp_path, clock):
    """The process is killed at each of many moments: the database is whole, and one of the two."""
    store.close()
    program = """
import os, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
import sqlite_utils
from custagent.store import LeaseHolder
from custagent.store.database.restore import restore
at = datetime.now(UTC)
delay = float(sys.argv[3])
if delay:
    threading.Thread(target=lambda: (time.sleep(delay), os.kill(os.getpid(), 9)), daemon=True).start()
began = time.monotonic()
restore(Path(sys.argv[1]), Path(sys.argv[2]), holder=LeaseHolder(host="x", pid=1, since=at), at=at)
print(time.monotonic() - began)
"""
    original = path.read_bytes()

    def run(delay):
        path.write_bytes(original)
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        return subprocess.run(
            [sys.executable, "-c", program, backup, path, str(delay)], capture_output=True, text=True, check=False
        )

    whole = run(0)
    took = float(whole.stdout)
    found = []
    for step in range(1, 8):
        run(took * step / 7)
        with Store(path, clock) as opened:
            opened.check()
            found.append(len(opened.conversations.list()))
    assert set(found) <= {1, 3}
