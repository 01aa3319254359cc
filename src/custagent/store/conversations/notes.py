"""What people write for themselves and each other: notes, drafts, and what they have seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from custagent.core.errors import UnknownName
from custagent.core.note import Note
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


class Notes:
    """Beside the messages of a conversation; nothing of it reaches a contact."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, note: Note, *, audit: AuditEntry | None = None) -> Note:
        """Write it down; the same with its id. Raises UnknownName when there is no such conversation."""

        def write(connection: sqlite3.Connection) -> int:
            if connection.execute("SELECT 1 FROM conversations WHERE id = ?", (note.conversation,)).fetchone() is None:
                raise UnknownName(
                    f"There is no conversation {note.conversation}.", hint="`custagent inbox list` shows them."
                )
            if audit is not None:
                add_entry(connection, audit)
            row = connection.execute(
                "INSERT INTO notes (conversation, author, text, at) VALUES (?, ?, ?, ?) RETURNING id",
                (note.conversation, note.author, note.text, to_text(note.at)),
            ).fetchone()
            return int(row[0])

        number = self._database.write(write)
        return Note(id=number, conversation=note.conversation, author=note.author, text=note.text, at=note.at)

    def of(self, conversation: str) -> tuple[Note, ...]:
        """All of a conversation, oldest first."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, author, text, at FROM notes WHERE conversation = ? ORDER BY id", (conversation,)
            ).fetchall()
        )
        return tuple(
            Note(id=number, conversation=conversation, author=author, text=text, at=from_text(at))
            for number, author, text, at in rows
        )

    def keep_draft(self, conversation: str, author: str, text: str, at: datetime) -> None:
        """What `author` has written so far; an empty one forgets it. Nothing happens where there is no conversation."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM drafts WHERE conversation = ? AND author = ?", (conversation, author))
            if text.strip():
                connection.execute(
                    "INSERT INTO drafts (conversation, author, text, at) SELECT id, ?, ?, ? FROM conversations WHERE id = ?",
                    (author, text, to_text(at), conversation),
                )

        self._database.write(write)

    def drafts_of(self, conversation: str) -> Mapping[str, tuple[str, datetime]]:
        """What anybody has begun to write there, and when they last changed it, by author."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT author, text, at FROM drafts WHERE conversation = ? ORDER BY author", (conversation,)
            ).fetchall()
        )
        return {author: (text, from_text(at)) for author, text, at in rows}

    def note_seen(self, conversation: str, user: str, message: int) -> None:
        """The user has seen the conversation up to this message; it never goes back."""
        self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO seen (conversation, user, message) SELECT id, ?, ? FROM conversations WHERE id = ?"
                " ON CONFLICT (conversation, user) DO UPDATE SET message = max(message, excluded.message)",
                (user, message, conversation),
            )
        )

    def has_seen(self, conversation: str, user: str) -> bool:
        """Whether the user has ever opened the conversation."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT 1 FROM seen WHERE conversation = ? AND user = ?", (conversation, user)
            ).fetchone()
        )
        return row is not None
