"""Writing a database file anew, so that nothing deleted is left in its pages, its log or its search."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from custagent.store.database.connection import connect
from custagent.store.database.faults import as_store_error, patiently

#: How long the file's other readers and writers are waited for.
_PATIENCE_SECONDS = 60.0


def scrub(path: Path) -> None:
    """Write the file anew, and empty its log; others may go on working with it.

    Raises StoreError when the disk has no room for a second copy, or somebody reads the log for a minute.
    """
    try:
        _scrub(path)
    except sqlite3.Error as error:
        raise as_store_error(error, path) from error


def _scrub(path: Path) -> None:
    with _temporary_files_in(path.parent), closing(connect(path, "rw", _PATIENCE_SECONDS)) as connection:
        # Beside the database and not in memory: the file may be larger than that.
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("PRAGMA secure_delete = ON")
        patiently(lambda: connection.execute("VACUUM"), _PATIENCE_SECONDS)
        patiently(lambda: _empty_log(connection), _PATIENCE_SECONDS)


def _empty_log(connection: sqlite3.Connection) -> None:
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        error = sqlite3.OperationalError("somebody reads the log")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SQLITE_TMPDIR"]
        else:
            os.environ["SQLITE_TMPDIR"] = before
