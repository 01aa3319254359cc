"""Conversations as the ledger sees them: read together, at one moment, without their texts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from custagent.core.conversation import Outcome, Status
from custagent.core.credit import CreditEntry
from custagent.core.credit_history import CreditHistory, Said
from custagent.core.message import DeliveryStatus, MessageKind, Sender, Verdict
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text
from custagent.store.ledger.chain import COLUMNS, UNREVERSED, entry_of

#: Conversations that are read at one moment.
_PAGE = 500
_CONVERSATION = "rowid, id, channel, contact, opened_at, status, outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A conversation that may have been resolved."""

    conversation: str
    opened_at: datetime
    #: The id of its last message, and when that was said, UTC.
    last_message: int
    last_message_at: datetime


class CreditHistories:
    """All conversations with what their credits follow from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, conversation: str) -> CreditHistory | None:
        """The history of one conversation; None when it is not there."""
        return self._database.read(lambda connection: history_of(connection, conversation))

    def began(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[CreditHistory]:
        """Those that began from `since` on and before `until`, in the order of beginning; some at a time are read."""
        bounds = (to_text(since) if since else "", to_text(until) if until else "~")

        def page(after: int, connection: sqlite3.Connection) -> tuple[int, list[CreditHistory]]:
            rows = connection.execute(
                f"SELECT {_CONVERSATION} FROM conversations WHERE rowid > ? AND opened_at >= ? AND opened_at < ?"  # noqa: S608 - constants of this file
                " ORDER BY rowid LIMIT ?",
                (after, *bounds, _PAGE),
            ).fetchall()
            return (rows[-1][0] if rows else 0), _histories(connection, rows)

        last, found = self._database.read(partial(page, 0))
        while last:
            yield from found
            last, found = self._database.read(partial(page, last))

    def opened_at(self, message: int) -> datetime | None:
        """When the conversation of a message began, UTC; None for a message that is not there."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT conversations.opened_at FROM messages JOIN conversations"
                " ON conversations.id = messages.conversation WHERE messages.id = ?",
                (message,),
            ).fetchone()
        )
        return from_text(row[0]) if row else None

    def has_paid_elsewhere(self, conversation: str) -> bool:
        """Whether its contact has a charge that stands in another conversation on the channel."""
        return self._database.read(lambda connection: has_paid_elsewhere(connection, conversation))

    def uncharged(self, *, after: int, limit: int) -> tuple[Silent, ...]:
        """Those that have no entry and whose last message is above `after`, in the order of these."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, opened_at, last_message, last_message_at FROM conversations WHERE last_message > ?"
                " AND NOT EXISTS (SELECT 1 FROM credit_entries WHERE credit_entries.conversation = conversations.id)"
                " ORDER BY last_message LIMIT ?",
                (after, max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            Silent(
                conversation=row[0], opened_at=from_text(row[1]), last_message=row[2], last_message_at=from_text(row[3])
            )
            for row in rows
        )


def history_of(connection: sqlite3.Connection, conversation: str) -> CreditHistory | None:
    """The history of one conversation within a transaction; None when it is not there."""
    rows = connection.execute(f"SELECT {_CONVERSATION} FROM conversations WHERE id = ?", (conversation,)).fetchall()  # noqa: S608 - constants of this file
    return next(iter(_histories(connection, rows)), None)


def has_paid_elsewhere(connection: sqlite3.Connection, conversation: str) -> bool:
    """Whether the contact of the conversation has a charge that stands in another one; contacts are of one channel."""
    paid = connection.execute(
        "SELECT 1 FROM conversations JOIN conversations AS other ON other.contact = conversations.contact"  # noqa: S608 - constants of the room
        " AND other.id <> conversations.id JOIN credit_entries ON credit_entries.conversation = other.id"
        f" WHERE conversations.id = ? AND {UNREVERSED} LIMIT 1",
        (conversation,),
    ).fetchone()
    return paid is not None


def _histories(connection: sqlite3.Connection, rows: Sequence[Any]) -> list[CreditHistory]:
    names = json.dumps([row[1] for row in rows])
    said, entries = _said(connection, names), _entries(connection, names)
    return [
        CreditHistory(
            conversation=name,
            channel=channel,
            contact=contact,
            opened_at=from_text(opened_at),
            status=Status(status),
            outcome=Outcome(outcome) if outcome else None,
            said=tuple(said.get(name, ())),
            entries=tuple(entries.get(name, ())),
        )
        for _, name, channel, contact, opened_at, status, outcome in rows
    ]


def _said(connection: sqlite3.Connection, names: str) -> dict[str, list[Said]]:
    """By conversation; `names` is a JSON list of them."""
    found: dict[str, list[Said]] = {}
    for name, id_, sender, kind, reason, at, delivery, key, verdict in connection.execute(
        "SELECT messages.conversation, messages.id, messages.sender, messages.kind, messages.reason, messages.at,"
        " outbox.status, credit_entries.key, feedback.verdict"
        " FROM json_each(?) AS named JOIN messages ON messages.conversation = named.value"
        " LEFT JOIN outbox ON outbox.message = messages.id"
        " LEFT JOIN credit_entries ON credit_entries.id = outbox.charge"
        " LEFT JOIN feedback ON feedback.message = messages.id"
        " ORDER BY messages.conversation, messages.id",
        (names,),
    ):
        said = Said(
            id=id_,
            sender=Sender(sender),
            kind=MessageKind(kind),
            reason=reason,
            at=from_text(at),
            delivery=DeliveryStatus(delivery) if delivery else None,
            charge=int(key.rpartition(":")[2]) if key else 0,
            verdict=Verdict(verdict) if verdict else None,
        )
        found.setdefault(name, []).append(said)
    return found


def _entries(connection: sqlite3.Connection, names: str) -> dict[str, list[CreditEntry]]:
    found: dict[str, list[CreditEntry]] = {}
    for row in connection.execute(
        f"SELECT {COLUMNS} FROM credit_entries WHERE conversation IN (SELECT value FROM json_each(?)) ORDER BY id",  # noqa: S608 - constants of the room
        (names,),
    ):
        entry = entry_of(row)
        found.setdefault(entry.conversation, []).append(entry)
    return found
