"""Tells whether anything was committed to the database, which costs a hundredth of reading it again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable


class Watch:
    """Looks at the database's count of changes. Threads may share it.

    The count is SQLite's `PRAGMA data_version`: it rises with every commit of another connection, of this process or
    another one, so it is asked on a connection that never writes.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def changes(self) -> int:
        """A number that is another one after each commit. Raises sqlite3.Error."""
        with self._gate:
            if self._connection is None:
                self._connection = self._connect()
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file; asked again it opens it again."""
        with self._gate:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
