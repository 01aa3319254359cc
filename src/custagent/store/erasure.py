"""Contacts' texts and identity, and how they are taken out for good (CONV-3).

What stays are ids, times, decisions, feedback and the ledger, so that figures, replay and verify still agree.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from custagent.core.conversation import Contact, Event, Status, outcome_of, transition
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.conversations.messages import mark_handled, reply_kinds
from custagent.store.conversations.settling import settle
from custagent.store.database.backup import rewrite
from custagent.store.database.backup_files import forget_unnamed, sweep_left_behind
from custagent.store.database.backup_folder import folder_of
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.migrations import LATEST_VERSION, version_of
from custagent.store.database.moments import to_text
from custagent.store.database.scrub import scrub

#: The columns in which something of a contact may stand, and what stands there afterwards. A test knows all columns of
#: all tables, so that a new one is thought of here.
ERASED: Mapping[str, Mapping[str, str]] = {
    "contacts": {"key": "'erased:' || id", "name": "''", "email": "''", "language": "''"},
    "messages": {"text": "''", "options": "'[]'", "attachments": "'[]'", "citations": "'[]'", "evidence": "''"},
    "inbound": {"external_id": "'erased:' || message", "body_hash": "''"},
    "outbox": {"external_id": "''", "error": "''", "contact_key": "''"},
    "outbox_parts": {"external_id": "''"},
    "reply_ways": {"contact_key": "''", "details": "'{}'"},
    "channel_events": {"external_id": "'erased:' || message"},
    "notes": {"text": "''"},
    "recaps": {"said": "''"},
    "gap_questions": {"words": "''", "vector": "''"},
}
#: Of these no row is left.
GONE = ("snoozes", "drafts", "attached_files")
#: Of these no row of a contact is left.
GONE_WITH_CONTACT = ("identities", "opt_outs", "watermarks")
#: How the rows of a conversation are found in each table that has some; the contact's own row goes by its id.
OF_CONVERSATION: Mapping[str, str] = {
    "conversations": "id",
    "messages": "conversation",
    "inbound": "conversation",
    "outbox": "conversation",
    "outbox_parts": "conversation",
    "reply_ways": "conversation",
    "channel_events": "conversation",
    "attached_files": "conversation",
    "feedback": "conversation",
    "judgements": "conversation",
    "snoozes": "conversation",
    "notes": "conversation",
    "drafts": "conversation",
    "seen": "conversation",
    "givings": "conversation",
    "handoffs": "conversation",
    "recaps": "conversation",
    "gap_questions": "conversation",
    "notices": "conversation",
    "notifications": "conversation",
    "credit_entries": "conversation",
    "audit": "subject",
}
#: A number that is typed with fewer digits than this is no telephone number.
_LEAST_DIGITS = 7
#: Conversations that are erased in one transaction: the runner's own writes go between.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much was taken out."""

    contacts: int = 0
    conversations: int = 0
    messages: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            contacts=self.contacts + other.contacts,
            conversations=self.conversations + other.conversations,
            messages=self.messages + other.messages,
        )


class Erasure:
    """Finds all of a contact, writes it out, and takes it away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, named: str) -> tuple[Contact, ...]:
        """Contacts of this id, provider's key, email, telephone number or user name, on any channel; in the order of ids."""
        wanted = named.strip()
        # A number as people type it: with a plus, blanks, brackets; a name as they write it to others.
        keys = [key for key in (wanted.lower(), wanted.lower().removeprefix("@"), _telephone(wanted)) if key]
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, channel, key, name, email, language FROM contacts"
                " WHERE CAST(id AS TEXT) = ?1 OR lower(email) IN (SELECT value FROM json_each(?2))"
                " OR lower(key) IN (SELECT value FROM json_each(?2)) OR id IN (SELECT contact FROM identities"
                " WHERE lower(value) IN (SELECT value FROM json_each(?2))) ORDER BY id",
                (wanted, json.dumps(keys)),
            ).fetchall()
        )
        return tuple(
            Contact(id=row[0], channel=row[1], key=row[2], name=row[3], email=row[4], language=row[5]) for row in rows
        )

    def conversations_of(self, contacts: Iterable[int]) -> tuple[str, ...]:
        """Their conversations, in the order of beginning."""
        wanted = json.dumps(list(contacts))
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id FROM conversations WHERE contact IN (SELECT value FROM json_each(?)) ORDER BY rowid",
                (wanted,),
            ).fetchall()
        )
        return tuple(row[0] for row in rows)

    def mentions(self, named: str, *, beside: Sequence[str], limit: int = 20) -> tuple[str, ...]:
        """Other conversations in which these letters were written."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT DISTINCT conversation FROM messages WHERE instr(lower(text), lower(?)) > 0"
                " AND conversation NOT IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?",
                (named, json.dumps(list(beside)), limit),
            ).fetchall()
        )
        return tuple(row[0] for row in rows)

    def rows_of(self, contacts: Sequence[int], conversations: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Every row that is about them, by table; all of one moment."""

        def rows(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
            found = {"contacts": _rows(connection, "contacts", "id", contacts)}
            for table, column in OF_CONVERSATION.items():
                found[table] = _rows(connection, table, column, conversations)
            for table in GONE_WITH_CONTACT:
                found[table] = _rows(connection, table, "contact", contacts)
            found["audit"] += _rows(connection, "audit", "subject", [f"contact {contact}" for contact in contacts])
            return found

        return self._database.read(rows)

    def older_than(self, moment: datetime) -> tuple[str, ...]:
        """Closed conversations in which nothing was said since, with texts in them still."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id FROM conversations WHERE status = 'closed' AND last_message_at < ?1 AND closed_at < ?1"
                " AND EXISTS (SELECT 1 FROM messages WHERE conversation = conversations.id AND text <> '')"
                " ORDER BY rowid",
                (to_text(moment),),
            ).fetchall()
        )
        return tuple(row[0] for row in rows)

    def erase(
        self,
        contacts: Sequence[int],
        conversations: Sequence[str],
        at: datetime,
        *,
        audit: AuditEntry | None = None,
        fence: int = 0,
    ) -> Erased:
        """Take their texts and identity out of the tables; call `scrub` afterwards.

        What is still live ends: its waiting replies are dropped, and it is closed. A contact of whom nothing else is
        left goes with the conversations.
        """

        def begin(connection: sqlite3.Connection) -> Erased:
            check_fence(connection, fence)
            if audit is not None:
                add_entry(connection, audit)
            _forget_unread(connection, contacts)
            return _blank(connection, contacts, ())

        def some(connection: sqlite3.Connection, *, start: int) -> Erased:
            check_fence(connection, fence)
            portion = conversations[start : start + _AT_ONCE]
            for conversation in portion:
                _end(connection, conversation, at)
            return _blank(connection, (), portion)

        done = self._database.write(begin)
        for start in range(0, len(conversations), _AT_ONCE):
            done += self._database.write(partial(some, start=start))
        return done

    def scrub(self) -> None:
        """Write the file anew, without what was deleted, and empty its log. Raises StoreError."""
        scrub(self._database.path)

    def in_backups(self, contacts: Sequence[Contact], conversations: Sequence[str]) -> Iterator[tuple[Path, str]]:
        """Take the same out of the backups beside the database: each with what went wrong, "" when nothing did.

        What cannot be read cannot be changed either: it is for a person to delete.
        """
        keys = tuple((contact.channel, contact.key) for contact in contacts)
        folder = folder_of(self._database.path)
        sweep_left_behind(folder)
        for path in sorted(folder.glob("*.db")):
            reason = rewrite(path, lambda connection: _erase_in_copy(connection, keys, conversations))
            yield path, reason or _forget_files(path)


def _forget_files(backup: Path) -> str:
    """Take the files away that nothing in the backup names any more; why that could not be done, or ""."""
    try:
        forget_unnamed(backup)
    except (OSError, sqlite3.Error) as error:
        return str(error)
    return ""


def _telephone(text: str) -> str:
    """The digits of a telephone number as WhatsApp writes it; "" for what is none."""
    if text.strip("+0123456789 ()-./"):
        return ""
    digits = "".join(letter for letter in text if letter.isdigit()).removeprefix("00")
    return digits if len(digits) >= _LEAST_DIGITS else ""


def _end(connection: sqlite3.Connection, conversation: str, at: datetime) -> None:
    waiting = connection.execute(
        "SELECT message FROM outbox WHERE conversation = ? AND status = 'queued' ORDER BY message", (conversation,)
    ).fetchall()
    for (message,) in waiting:
        settle(connection, message, DeliveryReceipt(status=DeliveryStatus.DROPPED), at)
    mark_handled(connection, conversation)
    for table in GONE:
        connection.execute(f"DELETE FROM {table} WHERE conversation = ?", (conversation,))  # noqa: S608 - constants of this file
    row = connection.execute("SELECT status FROM conversations WHERE id = ?", (conversation,)).fetchone()
    status = Status(row[0])
    if status is Status.CLOSED:
        return
    outcome = outcome_of(status, reply_kinds(connection, conversation))
    connection.execute(
        "UPDATE conversations SET status = ?, closed_from = status, closed_at = ?, outcome = ?, waiting_since = NULL,"
        " version = version + 1 WHERE id = ?",
        (transition(status, Event.CLOSED).value, to_text(at), outcome.value if outcome else None, conversation),
    )


def _erase_in_copy(
    connection: sqlite3.Connection, keys: Sequence[tuple[str, str]], conversations: Sequence[str]
) -> bool:
    """Whether there was anything of them in it."""
    contacts = [
        row[0]
        for channel, key in keys
        for row in connection.execute("SELECT id FROM contacts WHERE channel = ? AND key = ?", (channel, key))
    ]
    known = {row[0] for row in connection.execute("SELECT id FROM conversations")}
    theirs = connection.execute(
        "SELECT id FROM conversations WHERE contact IN (SELECT value FROM json_each(?))", (json.dumps(contacts),)
    )
    wanted = sorted(({row[0] for row in theirs} | set(conversations)) & known)
    if not contacts and not wanted:
        return False
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    if version_of(connection) == LATEST_VERSION:
        for conversation in wanted:
            at = connection.execute("SELECT last_message_at FROM conversations WHERE id = ?", (conversation,))
            _end(connection, conversation, datetime.fromisoformat(at.fetchone()[0]))
        _forget_unread(connection, contacts)
    _forget_gone(connection, wanted)
    _blank(connection, contacts, wanted)
    connection.execute("UPDATE outbox SET status = 'dropped' WHERE status = 'queued'")
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    return True


def _forget_gone(connection: sqlite3.Connection, conversations: Sequence[str]) -> None:
    """What no row is left of, in a backup whose tables are of another version."""
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table in GONE:
            connection.execute(
                f"DELETE FROM {table} WHERE conversation IN (SELECT value FROM json_each(?))",  # noqa: S608 - constants of this file
                (json.dumps(list(conversations)),),
            )


def _blank(connection: sqlite3.Connection, contacts: Sequence[int], conversations: Sequence[str]) -> Erased:
    """Overwrite what ERASED names, and the words that a search would find."""
    _forget_words(connection, conversations)
    counted = 0
    # A backup may be of before some of the tables were there.
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, columns in ERASED.items():
        if table == "contacts" or table not in there:
            continue
        values = ", ".join(f"{column} = {value}" for column, value in columns.items())
        for conversation in conversations:
            changed = connection.execute(f"UPDATE {table} SET {values} WHERE conversation = ?", (conversation,))  # noqa: S608 - constants of this file
            counted += changed.rowcount if table == "messages" else 0
    gone = {*contacts, *_of_whom_nothing_is_left(connection, conversations)}
    values = ", ".join(f"{column} = {value}" for column, value in ERASED["contacts"].items())
    for table in there.intersection(GONE_WITH_CONTACT):
        connection.execute(
            f"DELETE FROM {table} WHERE contact IN (SELECT value FROM json_each(?))",  # noqa: S608 - constants of this file
            (json.dumps(sorted(gone)),),
        )
    for contact in gone:
        connection.execute(f"UPDATE contacts SET {values} WHERE id = ?", (contact,))  # noqa: S608 - constants of this file
    return Erased(contacts=len(gone), conversations=len(conversations), messages=counted)


def _forget_unread(connection: sqlite3.Connection, contacts: Sequence[int]) -> None:
    """What nobody could read, and speaks of them by something that their channel knows them by."""
    for contact in contacts:
        connection.execute(
            "DELETE FROM unread_items WHERE EXISTS (SELECT 1 FROM (SELECT channel, key AS value FROM contacts WHERE id = ?1"
            " UNION ALL SELECT channel, value FROM identities WHERE contact = ?1) AS known"
            " WHERE known.channel = unread_items.channel AND instr(unread_items.content, known.value) > 0)",
            (contact,),
        )


def _of_whom_nothing_is_left(connection: sqlite3.Connection, conversations: Sequence[str]) -> list[int]:
    """The contacts of these conversations who have no other in which something still stands."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT contact FROM conversations AS ended JOIN contacts ON contacts.id = contact"
            " WHERE ended.id IN (SELECT value FROM json_each(?)) AND contacts.key NOT LIKE 'erased:%' AND NOT EXISTS"
            " (SELECT 1 FROM conversations AS other JOIN messages ON messages.conversation = other.id"
            " WHERE other.contact = ended.contact AND messages.text <> '')",
            (json.dumps(list(conversations)),),
        )
    ]


def _forget_words(connection: sqlite3.Connection, conversations: Sequence[str]) -> None:
    """The index of words keeps a deleted word until its parts are merged into one."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_words'").fetchone() is None:
        return
    for conversation in conversations:
        connection.execute(
            "INSERT INTO message_words (message_words, rowid, text) SELECT 'delete', id, text FROM messages"
            " WHERE conversation = ? AND text <> '' AND id IN (SELECT id FROM message_words_docsize)",
            (conversation,),
        )
    connection.execute("INSERT INTO message_words (message_words) VALUES ('optimize')")


def _rows(
    connection: sqlite3.Connection, table: str, column: str, values: Sequence[int] | Sequence[str]
) -> list[dict[str, Any]]:
    found = connection.execute(
        f"SELECT * FROM {table} WHERE {column} IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",  # noqa: S608 - constants of this file
        (json.dumps(list(values)),),
    )
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
