"""Files that came with messages: which are here, which are still to be fetched, and who may see them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from custagent.core.message import Attachment, Message
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFile:
    """A file that a channel holds for us."""

    message: int
    #: Its place among the files of the message, from 0.
    position: int
    conversation: str
    channel: str
    attachment: Attachment
    #: How often it was tried before.
    attempts: int = 0


def keep_attached(connection: sqlite3.Connection, message: Message, channel: str) -> None:
    """Note within a transaction which files came with the message, and which of them are to be fetched."""
    for position, file in enumerate(message.attachments):
        if file.hash or file.reference:
            connection.execute(
                "INSERT INTO attached_files (message, position, conversation, channel, hash, waits)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (message.id, position, message.conversation, channel, file.hash, int(not file.hash)),
            )


class AttachedFiles:
    """The files of messages, as rows: the files themselves are beside the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(
        self,
        at: datetime,
        *,
        limit: int,
        busy: Collection[tuple[int, int]] = (),
        resting: Collection[str] = (),
    ) -> tuple[WaitingFile, ...]:
        """What is to be fetched by now, the longest due first.

        None of the `busy` ones, as (message, position), nor of `resting` channels.
        """
        left_out = json.dumps([f"{message} {position}" for message, position in busy])
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT message, position, attached_files.conversation, channel, attempts,"
                " json_extract(attachments, '$[' || position || ']')"
                " FROM attached_files JOIN messages ON messages.id = message WHERE waits = 1 AND next_at <= ?1"
                " AND message || ' ' || position NOT IN (SELECT value FROM json_each(?2))"
                " AND channel NOT IN (SELECT value FROM json_each(?4)) ORDER BY next_at, message LIMIT ?3",
                (to_text(at), left_out, max(limit, 0), json.dumps(list(resting))),
            ).fetchall()
        )
        return tuple(
            WaitingFile(
                message=row[0],
                position=row[1],
                conversation=row[2],
                channel=row[3],
                attempts=row[4],
                attachment=Attachment(**json.loads(row[5])),
            )
            for row in rows
            if row[5]
        )

    def settle(self, file: WaitingFile, found: Attachment, *, fence: int = 0) -> None:
        """What became of it: it is kept, or its `error` says why it never will be. Raises LeaseHeld."""

        def settle(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            changed = connection.execute(
                "UPDATE attached_files SET waits = 0, hash = ? WHERE message = ? AND position = ? AND waits = 1",
                (found.hash, file.message, file.position),
            )
            if changed.rowcount:
                connection.execute(
                    "UPDATE messages SET attachments = json_set(attachments, '$[' || ? || ']', json(?)) WHERE id = ?",
                    (file.position, json.dumps(asdict(found)), file.message),
                )

        self._database.write(settle)

    def put_off(self, file: WaitingFile, until: datetime, *, counted: bool = True, fence: int = 0) -> None:
        """It could not be fetched now; try again then. Raises LeaseHeld."""

        def put_off(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "UPDATE attached_files SET attempts = attempts + ?, next_at = ? WHERE message = ? AND position = ?",
                (int(counted), to_text(until), file.message, file.position),
            )

        self._database.write(put_off)

    def found_in(self, hash_: str) -> tuple[tuple[str, Attachment], ...]:
        """The conversations that the file of this hash came in, each with what it is called there."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT attached_files.conversation, json_extract(attachments, '$[' || position || ']')"
                " FROM attached_files JOIN messages ON messages.id = message WHERE hash = ? AND hash <> ''"
                " ORDER BY message",
                (hash_,),
            ).fetchall()
        )
        return tuple((row[0], Attachment(**json.loads(row[1]))) for row in rows if row[1])

    def hashes_of(self, conversations: Collection[str]) -> frozenset[str]:
        """Those of the files that came in these conversations."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT DISTINCT hash FROM attached_files"
                " WHERE hash <> '' AND conversation IN (SELECT value FROM json_each(?))",
                (json.dumps(list(conversations)),),
            ).fetchall()
        )
        return frozenset(row[0] for row in rows)

    def hashes(self) -> frozenset[str]:
        """Those of all the files that some message has."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT DISTINCT hash FROM attached_files WHERE hash <> ''"
            ).fetchall()
        )
        return frozenset(row[0] for row in rows)
