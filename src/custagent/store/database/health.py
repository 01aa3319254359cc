"""How the database file is, looked at without changing it: opening it to work would bring an older one up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from custagent.core.errors import StoreError
from custagent.store.database.connection import at_one_moment, connect, finding_within
from custagent.store.database.faults import as_store_error, damaged, patiently
from custagent.store.database.migrations import APPLICATION_ID, LATEST_VERSION, version_of
from custagent.store.database.moments import from_text
from custagent.store.database.seal import broken_seal

#: Seconds that are waited for another process that writes.
_BUSY_SECONDS: Final = 2.0
#: SQLite's result codes keep their family in the low byte.
_FAMILY: Final = 0xFF
#: When the last row was written, by the table's own order: that costs nothing, however many there are.
_NEWEST: Final = (
    "SELECT max(at) FROM (SELECT * FROM (SELECT at FROM messages ORDER BY id DESC LIMIT 1)"
    " UNION ALL SELECT * FROM (SELECT at FROM audit ORDER BY id DESC LIMIT 1))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """A database that is whole, as far as it was looked at."""

    #: Versions of its tables: what it has, and what this custagent works with.
    version: int
    latest: int
    #: Bytes of the file, and of the write-ahead log beside it.
    size: int
    log_size: int
    #: Whether the whole file was looked at: a large one takes longer than there was time.
    looked_through: bool
    #: When the newest entry was written, aware, UTC; None when there is none, or the tables are of another version.
    newest_at: datetime | None
    #: Another process has kept it from being written to for all the time that was waited.
    kept: bool


def look_at(path: Path, *, seconds: float) -> DatabaseHealth:
    """How the file is; at most so many seconds go into looking through it.

    Raises StoreError, in words for people, for a file that is damaged, not ours, or cannot be opened.
    """
    try:
        # Before a connection is there: reading the file beside one takes time, or locks.
        sealed = broken_seal(path)
        with closing(connect(path, "ro", _BUSY_SECONDS)) as connection:
            found = patiently(lambda: at_one_moment(connection, lambda reading: _look(reading, path)), _BUSY_SECONDS)
            wrong = sealed or finding_within(connection, seconds)
    except (sqlite3.Error, UnicodeError) as error:
        raise as_store_error(error, path) from error
    if wrong:
        raise damaged(path, wrong)
    version, newest = found
    log = path.with_name(f"{path.name}-wal")
    return DatabaseHealth(
        version=version,
        latest=LATEST_VERSION,
        size=path.stat().st_size,
        log_size=log.stat().st_size if log.exists() else 0,
        looked_through=wrong is not None,
        newest_at=newest,
        kept=_is_kept(path),
    )


def _look(connection: sqlite3.Connection, path: Path) -> tuple[int, datetime | None]:
    application_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and application_id != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program, or damaged at its very beginning.",
            hint="If it was custagent's, put a backup back with `custagent restore`. Else move it away.",
        )
    version = version_of(connection)
    newest = connection.execute(_NEWEST).fetchone()[0] if version == LATEST_VERSION else None
    return version, from_text(newest) if newest else None


def _is_kept(path: Path) -> bool:
    """Whether nothing can be written to it now; nothing is."""
    try:
        with closing(connect(path, "rw", _BUSY_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & _FAMILY != sqlite3.SQLITE_BUSY:
            raise as_store_error(error, path) from error
        return True
    return False
