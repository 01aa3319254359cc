"""Whether the ledger is as it was written: read from the file as it is, damaged or not (R5)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from custagent.core.ids import content_hash
from custagent.store.database.faults import as_store_error
from custagent.store.ledger.chain import COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """What a look through the chain of entries found."""

    #: How many entries are in order, from the first on.
    entries: int
    #: The hash of the last of them, "" when there is none.
    head: str
    #: The entry that is not as it was written, or does not follow on the one before; None: all are in order.
    damaged: int | None = None
    #: What is wrong with it, in a few words.
    reason: str = ""
    #: The entry whose hash was asked for; None when no entry in order has it.
    head_at: int | None = None
    #: How many entries came after it.
    since_head: int = 0


def check_ledger(path: Path, head: str = "") -> LedgerCheck:
    """Go through the entries of a database file, and look for the one whose hash is `head`.

    It is opened apart from all checks, so that one bad byte is told by the entry that it is in. Raises StoreError when
    the file cannot be read as a database at all.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            # Bytes that are no text must not end the look.
            connection.text_factory = bytes
            return check_chain(connection, head)
    except sqlite3.Error as error:
        raise as_store_error(error, path) from error


def check_chain(connection: sqlite3.Connection, head: str = "") -> LedgerCheck:
    """The same on an open connection that gives texts as bytes."""
    number, last_id, before, head_at, at_head = 0, 0, b"", None, 0
    # Found out now, so that from here on every error is one of the entries.
    rows = connection.execute(f"SELECT {COLUMNS} FROM credit_entries ORDER BY id")  # noqa: S608 - constants of the room
    while True:
        reason = ""
        try:
            row = rows.fetchone()
        except sqlite3.DatabaseError as error:
            row, reason = (last_id + 1,), f"it cannot be read: {error}"
        if row is None:
            break
        reason = reason or _fault(row, before)
        if reason:
            return _found(number, before, head_at, at_head, damaged=int(row[0]), reason=reason)
        number, last_id, before = number + 1, int(row[0]), row[-1]
        if head and before == head.encode():
            head_at, at_head = last_id, number
    return _found(number, before, head_at, at_head)


def _found(
    number: int, head: bytes, head_at: int | None, at_head: int, *, damaged: int | None = None, reason: str = ""
) -> LedgerCheck:
    return LedgerCheck(
        entries=number,
        head=head.decode(),
        damaged=damaged,
        reason=reason,
        head_at=head_at,
        since_head=number - at_head if head_at is not None else 0,
    )


def _fault(row: tuple[object, ...], before: bytes) -> str:
    """What is wrong with an entry that should follow on the one whose hash is `before`; "" when nothing is."""
    *body, own = row
    parts = [field if isinstance(field, bytes) else b"" if field is None else str(field).encode() for field in body]
    if content_hash(*parts).encode() != own:
        return "it is not what it was when it was written"
    if body[-1] != before:
        return "it does not follow on the entry before: one was taken out or put in"
    return ""
