"""The database file: opened safely, read by many, written by one."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from custagent.core.errors import StoreError
from custagent.store.database.backup import copy_before_upgrade
from custagent.store.database.connection import at_one_moment, connect, finding, finding_within
from custagent.store.database.faults import as_store_error, damaged, patiently
from custagent.store.database.in_use import InUse, make
from custagent.store.database.migrations import APPLICATION_ID, LATEST_VERSION, bring_up, version_of
from custagent.store.database.seal import broken_seal
from custagent.store.database.watch import Watch
from custagent.store.database.writer import Writer

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

#: STRICT tables.
_OLDEST_SQLITE = (3, 37)
#: Up to this size the whole file is checked at every opening; it costs some 10 ms. `check()` looks at any size.
_CHECKED_AT_OPENING_BYTES = 8 * 1024 * 1024
#: The write-ahead log is cut back to this after a burst.
_LOG_BYTES = 16 * 1024 * 1024
#: When the log is folded into the file: 16 MB of pages. A commit of hundreds of messages changes a thousand pages, most
#: of them again with the next: folding at each of them, as SQLite does unless told otherwise, halves the pace.
_FOLDED_AFTER_PAGES = 4_000
#: The writer's pages in memory: all that such a commit changes, or they would be written twice.
_WRITER_CACHE_BYTES = 8 * 1024 * 1024
#: No write of ours takes as long; one that does waits for another process, and holds no lock meanwhile.
_BETWEEN_WRITES_SECONDS = 1.0
#: Connections for reading that are kept for the next reader.
_IDLE_READERS = 8


class Database:
    """One SQLite file, shared safely by the threads of this process and by other processes.

    Opening creates the folder (0700) and the file (0600) where they are missing, brings an older schema up, and
    refuses what it cannot trust: a file of a newer custagent, a damaged one, one of another program. Use it as a
    context manager, or `close()` it.

    Raises StoreError, from opening, `read` and `write` alike, in words for people; sqlite3's errors stay in here.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._gate = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        _require_sqlite()
        _make_file(path)
        with ExitStack() as on_failure:
            self._in_use = on_failure.enter_context(_sealed(path))
            try:
                connection = _open(path, busy_seconds)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise as_store_error(error, path) from error
            on_failure.pop_all()
        self._writer = Writer(connection, path, busy_seconds=busy_seconds)
        self._watch = Watch(self._borrow)

    def write(self, write: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `write` in a transaction of the writer thread; returns when it is durable. All or nothing.

        `write` must change nothing but the database: it may be run twice (see `Writer`). What it raises undoes it and
        is raised here.
        """
        return self._writer.wait(write)

    def write_soon(self, write: Callable[[sqlite3.Connection], Result]) -> Future[Result]:
        """`write` for callers that must not block; asyncio takes it with `asyncio.wrap_future`."""
        return self._writer.soon(write)

    def between_writes(self, action: Callable[[], None]) -> None:
        """Do something while this process holds no lock on the file, such as going to sleep."""
        self._writer.between(action, _BETWEEN_WRITES_SECONDS)

    def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `query` on a read-only connection. All its statements see one moment; writers are not held up.

        It must return values, not a cursor, and may be run again while the database is busy.
        """
        try:
            connection = self._borrow()
            try:
                return patiently(lambda: at_one_moment(connection, query), self._busy_seconds)
            finally:
                self._give_back(connection)
        except (sqlite3.Error, UnicodeError) as error:
            raise as_store_error(error, self.path) from error

    def changes(self) -> int:
        """A number that is another one after each commit, of any process: what was read before may be kept until then."""
        try:
            return patiently(self._watch.changes, self._busy_seconds)
        except sqlite3.Error as error:
            raise as_store_error(error, self.path) from error

    def check(self, *, seconds: float | None = None) -> bool:
        """Look through the whole file, whatever its size; False when `seconds` were over before its end.

        Raises StoreError when it is damaged.
        """
        found = self.read(finding if seconds is None else lambda connection: finding_within(connection, seconds))
        if found == "":
            found = broken_seal(self.path)
        if found:
            raise damaged(self.path, found)
        return found is not None

    def close(self) -> None:
        """Commit what was queued and let go of the file. May be called twice."""
        with self._gate:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self._watch.close()
        # Last, because the last connection folds the log into the file, and only this one may write.
        self._writer.close()
        self._in_use.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _borrow(self) -> sqlite3.Connection:
        with self._gate:
            if self._closed:
                raise StoreError(f"The database {self.path} is closed.")
            if self._idle:
                return self._idle.pop()
        return connect(self.path, "ro", self._busy_seconds)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._gate:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()


def _require_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(
            f"This Python brings SQLite {sqlite3.sqlite_version}; custagent needs 3.37 or newer.",
            hint="Use a newer build of Python, such as the one from python.org.",
        )


def _make_file(path: Path) -> None:
    """SQLite gives its log the file's permissions, so they are set before it sees the file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make(path)
    except IsADirectoryError as error:
        raise StoreError(
            f"The database {path} is a folder.",
            hint="Rename it. A backup is put in its place by: custagent restore FILE",
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(
            f"{path.parent} is a file, and no folder.", hint="Rename it, then run the command again."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be opened for writing ({error.strerror}).",
            hint="Check who owns the folder, and that the disk is not full or mounted read-only.",
        ) from error


def _sealed(path: Path) -> InUse:
    """The file, from now on in use, once its bytes are those that were sealed. Raises StoreError.

    First of all: what says that the file is another program's, or a newer one's, may be what has changed.
    """
    if path.stat().st_size <= _CHECKED_AT_OPENING_BYTES and (found := broken_seal(path)):
        raise damaged(path, found)
    return InUse(path)


def _open(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """The connection of the writer, on a file that is ours, whole and up to date."""
    with ExitStack() as on_failure:
        connection = on_failure.enter_context(closing(connect(path, "rw", busy_seconds)))
        version = _trusted_version(connection, path, busy_seconds)
        patiently(lambda: _keep_log(connection, path), busy_seconds)
        if version < LATEST_VERSION:
            # A connection of its own: sqlite-utils changes the settings of the one that it is given.
            with closing(connect(path, "rw", busy_seconds)) as migrating:
                _upgrade(migrating, path, busy_seconds)
            # A newer custagent may have been faster.
            _trusted_version(connection, path, busy_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_FOLDED_AFTER_PAGES}")
        connection.execute(f"PRAGMA cache_size = {-_WRITER_CACHE_BYTES // 1024}")
        on_failure.pop_all()
    return connection


def _upgrade(migrating: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    """Bring the tables up, once what is in them has been kept as it was; tell where, for there is no way back."""
    told = ""

    def keep(version: int) -> None:
        nonlocal told
        kept = copy_before_upgrade(path, version)
        told = f"The database was brought from version {version} of its tables to {LATEST_VERSION}." + (
            f" As it was before: {kept}" if kept else ""
        )

    bring_up(migrating, busy_seconds=busy_seconds, before=keep)
    if told:
        _log.warning(told)


def _trusted_version(connection: sqlite3.Connection, path: Path, busy_seconds: float) -> int:
    """The version of the file's schema, 0 for a new file. Raises StoreError for a file that we must not touch."""
    # One moment for all of it: another process may be migrating.
    return patiently(lambda: at_one_moment(connection, lambda reading: _examine(reading, path)), busy_seconds)


def _examine(connection: sqlite3.Connection, path: Path) -> int:
    version = version_of(connection)
    application_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and application_id != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program, or damaged at its very beginning.",
            hint="If it was custagent's, put a backup back with `custagent restore`. Else move it away; custagent makes its"
            " own in its place.",
        )
    if version > LATEST_VERSION:
        raise StoreError(
            f"The database {path} was written by a newer custagent (version {version} of the tables; this one knows"
            f" {LATEST_VERSION}).",
            hint="Update this one with `pip install --upgrade custagent`. Nothing in the file was changed.",
        )
    if path.stat().st_size <= _CHECKED_AT_OPENING_BYTES and (found := finding(connection)):
        raise damaged(path, found)
    return version


def _keep_log(connection: sqlite3.Connection, path: Path) -> None:
    """Readers and the writer do not wait for each other: write-ahead log."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(
            f"The disk that {path} is on cannot be shared between processes (journal mode {mode}).",
            hint="Keep the workspace on a local disk, not on a network share.",
        )
