"""What people must be told once: that credits run low, that a contact waits too long."""

from __future__ import annotations

import sqlite3

from custagent.core.notice import Notice
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text

_COLUMNS = "id, key, kind, permission, text, conversation, at"


class Notices:
    """The notices of the workspace; they are only added to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, notice: Notice, *, fence: int = 0) -> bool:
        """Write it down; False when its key was told before, which changes nothing. Raises LeaseHeld."""

        def tell(connection: sqlite3.Connection) -> bool:
            check_fence(connection, fence)
            return tell_once(connection, notice)

        return self._database.write(tell)

    def latest(self, limit: int, *, kind: str | None = None, after: int = 0) -> tuple[Notice, ...]:
        """The last `limit`, newest first; of one kind, or above an id, where asked."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_COLUMNS} FROM notices WHERE id > ?1 AND (?2 IS NULL OR kind = ?2)"  # noqa: S608 - constants of this file
                " ORDER BY id DESC LIMIT ?3",
                (after, kind, max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            Notice(
                id=row[0],
                key=row[1],
                kind=row[2],
                permission=row[3],
                text=row[4],
                conversation=row[5],
                at=from_text(row[6]),
            )
            for row in rows
        )


def tell_once(connection: sqlite3.Connection, notice: Notice) -> bool:
    """Add a notice within a transaction; False when its key was told before."""
    # The question first: an INSERT that gives way would use up an id each time.
    told = connection.execute("SELECT 1 FROM notices WHERE key = ?", (notice.key,)).fetchone()
    if told is None:
        connection.execute(
            "INSERT INTO notices (key, kind, permission, text, conversation, at) VALUES (?, ?, ?, ?, ?, ?)",
            (notice.key, notice.kind, notice.permission, notice.text, notice.conversation, to_text(notice.at)),
        )
    return told is None
