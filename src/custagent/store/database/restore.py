"""Putting a backup in the place of the database, without losing what was there.

A database that can be read is replaced from within, in one transaction of its own: whoever has the file open sees the
old rows or the new ones, and a kill leaves the old ones. A damaged one cannot do that: it is moved aside as it is.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from custagent.core.errors import StoreError
from custagent.store.database.backup import Contents, contents_of, copy_database, examine
from custagent.store.database.backup_files import every_hash, keep_beside, put_files_back, put_key_back, sync_folder
from custagent.store.database.backup_folder import files_path, folder_of, free_path, name_of_replaced
from custagent.store.database.connection import at_one_moment, connect, finding
from custagent.store.database.faults import as_store_error, patiently
from custagent.store.database.lease import LeaseHolder, take_lease
from custagent.store.database.migrations import APPLICATION_ID, bring_up
from custagent.store.database.moments import to_text
from custagent.store.database.runner_lock import RunnerLock
from custagent.store.database.seal import seal_path

#: How long a runner is kept out at most, should the restoring process be killed.
_LEASE = timedelta(minutes=2)
#: Every connection in WAL mode holds this byte of the file (SQLite's SHARED_FIRST and SHARED_SIZE).
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
#: Numbers that a database which cannot be read may have given away since the backup.
_NUMBERS_SKIPPED = 1_000_000
#: The ledger counts its entries itself, without gaps.
_COUNTS_ITSELF = "credit_entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a restore."""

    #: What the database held before; None when there was none, or it could not be read.
    before: Contents | None
    #: What it holds now.
    after: Contents
    #: The version of the tables that the backup had; they are brought up to date.
    backup_version: int
    #: Where the old database is now; None when there was none.
    replaced: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """What must not begin anew in the restored database, or what was given away would be given away again."""

    #: The runner's token: it only rises, so that a runner that slept through this finds its own stale.
    token: int
    #: The last number of each table: browsers and the index go by them.
    numbers: dict[str, int]


class _Doorkeeper:
    """Keeps runners out while the database is replaced."""

    def __init__(self, database: Path, holder: LeaseHolder, at: datetime) -> None:
        self._lock = RunnerLock(database.with_name("runner.lock"))
        #: Whether no runner lives on this machine, and the token of the last one.
        self._alone = self._lock.take()
        self._ended = self._lock.token() if self._alone else 0
        self._holder = holder
        self._token = 0
        self.at = at

    def shut(self, live: sqlite3.Connection) -> None:
        """Take the lease as a runner would. Raises LeaseHeld while one has it."""
        if live.execute("SELECT 1 FROM sqlite_master WHERE name = 'lease'").fetchone() is None:
            return  # of before there were leases
        patiently(lambda: live.execute("BEGIN IMMEDIATE"), 30.0)
        try:
            self._token = take_lease(live, self._holder, _LEASE, self.at, ended=self._ended)
            live.execute("COMMIT")
        finally:
            if live.in_transaction:
                live.execute("ROLLBACK")
        if self._alone:
            self._lock.mark(self._token)

    def open(self, live: sqlite3.Connection) -> None:
        """Let runners in again, to the database of before."""
        if live.in_transaction:
            live.execute("ROLLBACK")
        if self._token:
            live.execute("UPDATE lease SET released = 1 WHERE token = ?", (self._token,))

    def require_nobody(self, database: Path) -> None:
        """Raises StoreError when a process works on a database that is too damaged to say so itself."""
        with database.open("rb+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
            except BlockingIOError:
                self._alone = False
        if not self._alone:
            raise StoreError(
                f"The database {database} is in use by another custagent process.",
                hint="Stop `custagent run` and whatever else works on this workspace, then run the command again.",
            )

    def close(self) -> None:
        """Done, one way or the other."""
        self._lock.free()


def contents_at(path: Path) -> Contents | None:
    """What the database at `path` holds; None when there is none, or it cannot be read."""
    if not path.is_file():
        return None
    try:
        with closing(connect(path, "ro")) as connection:
            return at_one_moment(connection, contents_of)
    except (sqlite3.Error, ValueError):  # a damaged file may hold anything where a time should stand
        return None


def restore(backup: Path, database: Path, *, holder: LeaseHolder, at: datetime) -> Restored:
    """Put the backup in the place of the database; what was there is kept in the folder of the backups.

    Raises LeaseHeld while a runner works, StoreError when the backup cannot be trusted or the disk does not take it:
    then nothing was changed.
    """
    backup_version = examine(backup).version
    before = contents_at(database)
    replaced: Path | None
    working = database.with_name(f"restoring-{os.getpid()}.db")
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_database(backup, working)
        with closing(connect(working, "rw")) as connection:
            bring_up(connection)
            after = contents_of(connection)
        # First, so that no message is there without its files; until then nothing names them.
        put_files_back(backup, database.parent)
        with closing(_Doorkeeper(database, holder, at)) as door:
            replace = _replace_rows if _is_usable(database) else _replace_file
            replaced = replace(working, database, door)
            # What it said was about the file of before.
            seal_path(database).unlink(missing_ok=True)
            put_key_back(backup, database.parent)
    except sqlite3.Error as error:
        raise as_store_error(error, database) from error
    except OSError as error:
        raise StoreError(
            f"The database {database} could not be replaced ({error.strerror}).",
            hint="Check that its folder is yours and its disk not full, then run the command again.",
        ) from error
    finally:
        for left in working.parent.glob(f"{working.name}*"):
            left.unlink(missing_ok=True)
    return Restored(before=before, after=after, backup_version=backup_version, replaced=replaced)


def _is_usable(database: Path) -> bool:
    """Whether it is a database of ours, of whatever version, and whole."""
    if not database.is_file() or database.stat().st_size == 0:
        return False
    try:
        # Only looking: the last one that may write would fold the log into the file, and a damaged one stays as it is.
        with closing(connect(database, "ro")) as connection:
            application_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
            return application_id == APPLICATION_ID and not patiently(lambda: finding(connection), 30.0)
    except sqlite3.Error:
        return False


def _replace_rows(working: Path, database: Path, door: _Doorkeeper) -> Path:
    with closing(connect(database, "rw")) as live:
        door.shut(live)
        try:
            # Until the copy is made nobody else may write: it would be neither in the old database nor in the new one.
            patiently(lambda: live.execute("BEGIN IMMEDIATE"), 30.0)
            replaced = _place_for_replaced(database, door.at)
            copy_database(database, replaced, files=True)
            marks = _marks(live)
            live.execute("ROLLBACK")
            with closing(connect(working, "rw")) as new:
                _go_on_from(new, marks, door.at)
                new.backup(live)
        except BaseException:
            door.open(live)
            raise
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return replaced


def _replace_file(working: Path, database: Path, door: _Doorkeeper) -> Path | None:
    """For a database that is missing, damaged or another program's."""
    at = door.at
    with closing(connect(working, "rw")) as new:
        _go_on_from(new, None, at)
    replaced: Path | None = None
    if database.exists():
        door.require_nobody(database)
        replaced = _place_for_replaced(database, at)
    # The log goes first: a log beside a database that it does not belong to would be read into it.
    for suffix in ("-wal", "-journal"):
        log = database.with_name(database.name + suffix)
        if log.exists():
            aside = replaced or _place_for_replaced(database, at)
            log.replace(aside.with_name(aside.name + suffix))
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    if replaced is not None:
        os.link(database, replaced)
        # Which of them its messages came with, nobody can read.
        beside, state = files_path(replaced), database.parent
        keep_beside(state, every_hash(state), beside.with_name(f".{beside.name}.{os.getpid()}.part"), beside)
    working.replace(database)
    sync_folder(database.parent)
    return replaced


def _place_for_replaced(database: Path, at: datetime) -> Path:
    folder = folder_of(database)
    folder.mkdir(mode=0o700, exist_ok=True)
    return free_path(folder, name_of_replaced(at))


def _marks(connection: sqlite3.Connection) -> _Marks:
    token = 0
    with suppress(sqlite3.OperationalError):  # of before there were leases
        row = connection.execute("SELECT token FROM lease").fetchone()
        token = int(row[0]) if row else 0
    given = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    numbered = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall()
    return _Marks(token=token, numbers={name: given.get(name, 0) for (name,) in numbered if name != _COUNTS_ITSELF})


def _go_on_from(new: sqlite3.Connection, old: _Marks | None, at: datetime) -> None:
    """Let the numbers of the restored database go on from those of the old one; no runner has it."""
    own = _marks(new)
    new.execute("BEGIN IMMEDIATE")
    token = max(own.token, old.token if old else 0)
    if token:
        new.execute(
            "INSERT INTO lease (id, token, host, pid, since, renewed_at, ttl_seconds, released)"
            " VALUES (1, ?1, '', 0, ?2, ?2, 1, 1) ON CONFLICT (id) DO UPDATE SET token = excluded.token, released = 1",
            (token + 1, to_text(at)),
        )
    for table, number in own.numbers.items():
        last = max(number, old.numbers.get(table, 0)) if old else number + _NUMBERS_SKIPPED
        new.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))
    new.execute("COMMIT")
