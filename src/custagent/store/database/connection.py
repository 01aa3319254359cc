"""One connection to a database file: how it is opened, how it looks at one moment, whether the file is whole."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

#: How long one statement waits inside SQLite before `patiently` takes a turn.
_LOCK_WAIT_SECONDS = 1.0
#: SQLite's own steps between two looks at the clock: some tenths of a millisecond.
_STEPS_BETWEEN_LOOKS = 10_000


def connect(path: Path, mode: str, busy_seconds: float = 30.0) -> sqlite3.Connection:
    """A connection that begins no transactions by itself. `mode` is "rw", "rwc" (made where it is missing) or "ro"."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=min(_LOCK_WAIT_SECONDS, busy_seconds),
    )
    # Sorting may spill customers' texts: into memory, not into the machine's folder for temporary files.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def at_one_moment(connection: sqlite3.Connection, query: Callable[[sqlite3.Connection], Result]) -> Result:
    """What `query` finds; all its statements see the same state, whatever others write meanwhile."""
    connection.execute("BEGIN")
    try:
        return query(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def finding(connection: sqlite3.Connection) -> str:
    """The first thing that is wrong with the whole file, "" when all is well."""
    # Half as long again as `quick_check`, and it compares every index with its table: that finds ids and times which a
    # disk has changed.
    # What is wrong may be the bytes of a text, which SQLite repeats.
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    try:
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except UnicodeDecodeError:
        # Where SQLite fails over them it repeats them in its error, and that is read as text before we can say how.
        found = "a text of it is damaged"
    finally:
        connection.text_factory = str
    return "" if found == "ok" else " ".join(found.replace("***", "").split())


def finding_within(connection: sqlite3.Connection, seconds: float) -> str | None:
    """`finding`, or None when the time was over before the whole file had been looked at."""
    ends = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() >= ends, _STEPS_BETWEEN_LOOKS)
    try:
        return finding(connection)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)
