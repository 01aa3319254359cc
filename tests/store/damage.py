"""Databases that a disk has damaged: random corruptions of a real file, and what becomes of them at the next start (R10)."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from custagent.core.errors import StoreError
from custagent.core.message import MessageKind
from custagent.store import Store
from custagent.store.database.backup import copy_database
from custagent.store.database.lease import LeaseHolder
from custagent.store.database.restore import restore
from custagent.testing import FrozenClock
from tests.store.conftest import Desk

PAGE = 4096
KINDS = ("bit", "page of zeros", "two pages swapped", "cut short", "noise")
#: What a restore may change: tokens and numbers go on from where they were.
_NOT_COMPARED = ("lease", "sqlite_sequence")

Rows = Mapping[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A database as a runner left it."""

    path: Path
    backup: Path
    rows: Rows


def make_whole(folder: Path, *, conversations: int) -> Whole:
    """A database with a history, ended as a runner ends, and a backup of it."""
    path, clock = folder / "custagent.db", FrozenClock()
    with Store(path, clock) as store:
        desk = Desk(store, clock)
        for number in range(conversations):
            begun = desk.hear(f"How long does refund {number} take? " * 9, key=f"k{number % 40}")
            desk.say(begun.conversation, MessageKind.DISCLOSURE, MessageKind.ANSWER, handled=(begun.message.id,))
            clock.advance(hours=7)
        store.seal()
    backup = folder / "backup.db"
    copy_database(path, backup)
    return Whole(path=path, backup=backup, rows=rows_of(path))


def rows_of(path: Path) -> Rows:
    """Everything that the file holds, byte for byte, by table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {
            name.decode(): connection.execute(f"SELECT * FROM {name.decode()}").fetchall()
            for (name,) in names
            if name.decode() not in _NOT_COMPARED
        }


def corrupted(kind: str, data: bytes, chance: random.Random) -> bytes:
    """The file after something happened to it."""
    changed, pages = bytearray(data), len(data) // PAGE
    match kind:
        case "bit":
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case "page of zeros":
            at = chance.randrange(pages) * PAGE
            changed[at : at + PAGE] = bytes(PAGE)
        case "two pages swapped":
            one, other = (page * PAGE for page in chance.sample(range(pages), 2))
            changed[one : one + PAGE], changed[other : other + PAGE] = (
                data[other : other + PAGE],
                data[one : one + PAGE],
            )
        case "cut short":
            del changed[chance.randrange(1, len(data)) :]
        case "noise":
            at = chance.randrange(len(data) - 64)
            changed[at : at + 64] = chance.randbytes(64)
    return bytes(changed)


def start_on(whole: Whole, data: bytes, folder: Path) -> str:
    """Start on the damaged bytes, of which the disk says nothing, and go back to the backup where that is refused.

    "refused", or "intact" where every row is what it was. Raises AssertionError for a silent start on other rows, for a
    refusal that does not say what to do, and for a restore that does not bring every row back.
    """
    path = folder / "custagent.db"
    path.write_bytes(data)
    path.with_name(f"{path.name}.seal").write_bytes(whole.path.with_name(f"{whole.path.name}.seal").read_bytes())
    written = whole.path.stat()
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    clock = FrozenClock()
    refusal = _refusal(path, clock)
    if refusal is not None:
        assert "custagent restore" in refusal.hint, refusal.message
        holder = LeaseHolder(host="h", pid=1, since=clock.now())
        restored = restore(whole.backup, path, holder=holder, at=clock.now() + timedelta(days=9))
        assert restored.replaced is not None
        assert restored.replaced.is_file(), "what was there is kept"
    assert rows_of(path) == whole.rows
    assert _refusal(path, clock) is None
    return "refused" if refusal else "intact"


def _refusal(path: Path, clock: FrozenClock) -> StoreError | None:
    """Why no runner begins on it."""
    try:
        with Store(path, clock) as store:
            store.check()
    except StoreError as error:
        return error
    return None


def damage_often(whole: Whole, folder: Path, *, each: int, seed: int) -> Counter[tuple[str, str]]:
    """So many corruptions of each kind; (kind, what came of it) and how often."""
    chance, data, found = random.Random(seed), whole.path.read_bytes(), Counter[tuple[str, str]]()
    for kind in KINDS:
        for number in range(each):
            place = folder / f"{KINDS.index(kind)}-{number}"
            place.mkdir()
            found[kind, start_on(whole, corrupted(kind, data, chance), place)] += 1
    return found


def told(found: Counter[tuple[str, str]]) -> str:
    """The figure, in words."""
    return "; ".join(f"{kind}: {found[kind, 'refused']} refused, {found[kind, 'intact']} intact" for kind in KINDS)
