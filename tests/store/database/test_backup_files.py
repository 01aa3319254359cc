"""Contacts' files and the workspace's key go with a backup, come back with it, and are erased in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld, StoreError
from custagent.core.message import Attachment, MessageKind
from custagent.store import LeaseHolder, Store
from custagent.store.database.backup import copy_database, examine
from custagent.store.database.backup_files import hashes_in, kept_in, missing_files, sweep_left_behind
from custagent.store.database.backup_folder import backups, files_path, folder_of, prune
from custagent.store.database.restore import restore

KEY = b"k" * 32
PHOTO, INVOICE = b"a photo of Ada", b"an invoice"


def place(path, content):
    digest = hashlib.sha256(content).hexdigest()
    return path.parent / "files" / digest[:2] / digest


@pytest.fixture
def send(path, desk):
    """A contact sends a file; its name as it is kept."""

    def send(content, *, key="k1"):
        kept = place(path, content)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
        file = Attachment(name="file", media_type="image/png", size=len(content), hash=kept.name)
        desk.say(desk.hear(key=key, attachments=(file,)).conversation, MessageKind.ANSWER)
        return kept.name

    return send


@pytest.fixture
def backup(path, send):
    """Of Ada, who sent a photo, and Bo, who sent an invoice."""
    send(PHOTO)
    send(INVOICE, key="k2")
    (path.parent / "key").write_bytes(KEY)
    target = folder_of(path) / "custagent-20261101-120000.db"
    target.parent.mkdir()
    copy_database(path, target, files=True)
    return target


@pytest.fixture
def put_back(path, clock):
    holder = LeaseHolder(host="here", pid=1, since=clock.now())
    return lambda backup: restore(backup, path, holder=holder, at=clock.now())


def lose(path):
    """The disk of the workspace, but for the backups."""
    shutil.rmtree(path.parent / "files")
    (path.parent / "key").unlink()


class TestTaking:
    def test_what_messages_came_with_is_kept_and_nothing_else(self, backup, path):
        folder = files_path(backup)
        assert {one.read_bytes() for one in folder.iterdir()} == {PHOTO, INVOICE, KEY}
        assert kept_in(backup) == hashes_in(backup) == {place(path, PHOTO).name, place(path, INVOICE).name}
        assert [one.name for one in backup.parent.iterdir() if one.name.startswith(".")] == []

    def test_a_file_that_no_message_names_is_left_out(self, backup, path):
        stray = place(path, b"stray")
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(b"stray")
        copy_database(path, backup.with_name("b.db"), files=True)
        assert kept_in(backup.with_name("b.db")) == kept_in(backup)

    def test_only_the_owner_can_read_it(self, backup):
        assert files_path(backup).stat().st_mode & 0o777 == 0o700
        assert (files_path(backup) / "key").stat().st_mode & 0o777 == 0o600

    def test_on_the_same_disk_it_costs_no_room(self, backup, path):
        kept = place(path, PHOTO)
        assert (files_path(backup) / kept.name).samefile(kept)

    def test_one_that_is_gone_is_counted_as_missing(self, backup, path):
        place(path, PHOTO).unlink()
        copy_database(path, backup.with_name("b.db"), files=True)
        assert len(kept_in(backup.with_name("b.db"))) == 1
        assert missing_files(backup.with_name("b.db"), path.parent) == 1
        assert missing_files(backup, path.parent) == 0

    def test_where_nothing_is_there_is_no_folder(self, store, path, tmp_path):
        assert len(store.conversations.list()) == 0
        copy_database(path, tmp_path / "copy.db", files=True)
        assert not files_path(tmp_path / "copy.db").exists()

    def test_what_an_older_copy_of_the_name_had_is_gone(self, backup, path, store, clock):
        (conversation,) = (one.id for one in store.conversations.list() if one.contact.key == "k1")
        store.erasure.erase((), [conversation], clock.now())
        copy_database(path, backup, files=True)
        assert kept_in(backup) == {place(path, INVOICE).name}

    def test_what_a_kill_left_of_one_is_swept(self, backup, path):
        left = backup.with_name(".x.db.1.part.files")
        left.mkdir()
        (left / "file").touch()
        copy_database(path, backup.with_name("b.db"), files=True)
        assert left.exists(), "another copy may be under way"
        os.utime(left, (1, 1))
        copy_database(path, backup.with_name("b.db"), files=True)
        assert not left.exists()

    def test_killed_anywhere_a_backup_that_is_there_has_its_files(self, backup, path, tmp_path, store):
        store.close()
        program = """
import os, sys, threading, time
from pathlib import Path
from custagent.store.database.backup import copy_database
delay = float(sys.argv[3])
if delay:
    threading.Thread(target=lambda: (time.sleep(delay), os.kill(os.getpid(), 9)), daemon=True).start()
began = time.monotonic()
copy_database(Path(sys.argv[1]), Path(sys.argv[2]), files=True)
print(time.monotonic() - began)
"""

        def run(number, delay):
            target = tmp_path / f"{number}.db"
            done = subprocess.run(
                [sys.executable, "-c", program, path, target, str(delay)], capture_output=True, text=True, check=False
            )
            return target, done.stdout

        took = float(run(0, 0)[1])
        for number in range(1, 5):
            target, _ = run(number, took * number / 4)
            if target.exists():
                assert kept_in(target) == kept_in(backup)
                examine(target)


class TestDeleting:
    def test_what_is_pruned_goes_with_its_files(self, backup, path):
        copy_database(path, backup.with_name("custagent-20261102-120000.db"), files=True)
        assert prune(path, 1) == (backup,)
        assert not files_path(backup).exists()
        assert len(kept_in(backups(path)[0].path)) == 2

    def test_what_is_left_beside_no_backup_goes_when_it_is_old(self, backup):
        backup.unlink()
        sweep_left_behind(backup.parent)
        assert files_path(backup).exists(), "its backup may be about to get its name"
        os.utime(files_path(backup), (1, 1))
        sweep_left_behind(backup.parent)
        assert not files_path(backup).exists()


class TestRestoring:
    def test_files_and_key_come_back(self, backup, path, put_back):
        lose(path)
        assert missing_files(backup, path.parent) == 0
        put_back(backup)
        assert (place(path, PHOTO).read_bytes(), place(path, INVOICE).read_bytes()) == (PHOTO, INVOICE)
        assert (path.parent / "key").read_bytes() == KEY
        assert (path.parent / "key").stat().st_mode & 0o777 == 0o600

    def test_in_a_workspace_that_is_new(self, backup, tmp_path, clock):
        database = tmp_path / "new" / "custagent.db"
        database.parent.mkdir()
        (database.parent / "key").write_bytes(b"n" * 32)
        restore(backup, database, holder=LeaseHolder(host="here", pid=1, since=clock.now()), at=clock.now())
        assert place(database, PHOTO).read_bytes() == PHOTO
        assert (database.parent / "key").read_bytes() == KEY

    def test_a_file_that_a_disk_has_changed_is_not_shown_as_the_contacts(self, backup, path, put_back):
        lose(path)
        changed = files_path(backup) / hashlib.sha256(PHOTO).hexdigest()
        changed.write_bytes(b"another photo")
        put_back(backup)
        assert not place(path, PHOTO).exists()
        assert place(path, INVOICE).exists()

    def test_it_can_be_taken_back_with_the_files_of_now(self, backup, path, put_back, send):
        newer = send(b"sent since", key="k3")
        (path.parent / "key").write_bytes(b"n" * 32)
        replaced = put_back(backup).replaced
        assert newer in kept_in(replaced)
        lose(path)
        put_back(replaced)
        assert place(path, b"sent since").exists()
        assert (path.parent / "key").read_bytes() == b"n" * 32

    def test_of_a_damaged_database_all_files_are_kept_beside_it(self, backup, path, put_back, send, store):
        newer = send(b"sent since", key="k3")
        store.close()
        content = bytearray(path.read_bytes())
        content[4096:12288] = b"\xff" * 8192
        path.write_bytes(content)
        assert newer in kept_in(put_back(backup).replaced)

    def test_while_a_runner_works_the_key_stays(self, backup, path, put_back, store, clock):
        (path.parent / "key").write_bytes(b"n" * 32)
        store.lease.acquire(LeaseHolder(host="shop", pid=7, since=clock.now()), timedelta(seconds=15), clock.now())
        with pytest.raises(LeaseHeld):
            put_back(backup)
        assert (path.parent / "key").read_bytes() == b"n" * 32

    def test_a_database_without_its_folder_says_what_will_be_missing(self, backup, path, put_back, tmp_path):
        lose(path)
        alone = tmp_path / "alone.db"
        shutil.copyfile(backup, alone)
        assert missing_files(alone, path.parent) == 2
        put_back(alone)
        assert not place(path, PHOTO).exists()

    def test_a_folder_that_takes_no_files_changes_nothing(self, backup, path, put_back, store, desk):
        desk.hear(key="k3")
        lose(path)
        (path.parent / "files").write_bytes(b"no folder")
        with pytest.raises(StoreError, match="could not be replaced"):
            put_back(backup)
        assert len(store.conversations.list()) == 3

    def test_killed_anywhere_no_message_is_there_without_its_file(self, backup, path, store, clock):
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

        def run(delay):
            shutil.rmtree(path.parent / "files", ignore_errors=True)
            (path.parent / "key").unlink(missing_ok=True)
            for one in path.parent.glob("custagent.db*"):
                one.unlink()
            return subprocess.run(
                [sys.executable, "-c", program, backup, path, str(delay)], capture_output=True, text=True, check=False
            )

        took = float(run(0).stdout)
        for step in range(1, 5):
            run(took * step / 4)
            with Store(path, clock) as opened:
                if opened.conversations.list():
                    assert (place(path, PHOTO).read_bytes(), place(path, INVOICE).read_bytes()) == (PHOTO, INVOICE)


class TestErasing:
    def erase(self, store, clock, key):
        contacts = store.erasure.find(key)
        conversations = store.erasure.conversations_of([contact.id for contact in contacts])
        store.erasure.erase([contact.id for contact in contacts], conversations, clock.now())
        return dict(store.erasure.in_backups(contacts, conversations))

    def test_what_they_sent_is_gone_from_backups_too(self, backup, path, store, clock):
        assert self.erase(store, clock, "k1") == {backup: ""}
        assert kept_in(backup) == hashes_in(backup) == {place(path, INVOICE).name}
        assert (files_path(backup) / "key").exists()

    def test_what_somebody_else_sent_as_well_stays(self, path, send, store, clock):
        send(PHOTO)
        send(PHOTO, key="k2")
        folder_of(path).mkdir()
        backup = folder_of(path) / "b.db"
        copy_database(path, backup, files=True)
        assert self.erase(store, clock, "k1") == {backup: ""}
        assert kept_in(backup) == {place(path, PHOTO).name}

    def test_of_a_backup_of_other_tables_too(self, backup, path, store, clock):
        with closing(sqlite3.connect(backup)) as connection:
            connection.execute("PRAGMA user_version = 27")
        assert self.erase(store, clock, "k1") == {backup: ""}
        assert kept_in(backup) == {place(path, INVOICE).name}

    def test_where_it_cannot_be_done_that_is_told(self, backup, store, clock, path):
        photo = files_path(backup) / place(path, PHOTO).name
        photo.unlink()
        photo.mkdir()
        assert self.erase(store, clock, "k1")[backup]
