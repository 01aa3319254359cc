"""The database's errors in plain words, and patience with the one that passes by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from custagent.core.errors import StoreError
from custagent.store.database.backup_folder import backups

Result = TypeVar("Result")

_NEXT_TRY_SECONDS = 0.005
#: SQLite's result codes keep their family in the low byte; the rest tells the variant.
_FAMILY = 0xFF

_DAMAGED = "The database {path} is damaged ({error})."
_CLOSED_TO_US = (
    "The database {path} cannot be opened for writing ({error}).",
    "Check who owns the file and its folder, and that the disk is not mounted read-only.",
)
_BUSY = (
    "The database {path} is busy: another custagent command kept it for too long.",
    "Wait until that command has finished (a large sync can take a while), then run this one again.",
)
_WORDS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "The disk is full: the database {path} cannot grow.",
        "Free some space and run the command again. What was confirmed before is safe.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk did not read or write the database {path} ({error}).",
        "Check that the disk has space left and is in order, then run the command again.",
    ),
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _CLOSED_TO_US,
    sqlite3.SQLITE_CANTOPEN: _CLOSED_TO_US,
    sqlite3.SQLITE_PERM: _CLOSED_TO_US,
}
_DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNFORESEEN = (
    "The database {path} refused: {error}.",
    "This is a fault of the program. Please report it with the command that you ran.",
)


def damaged(path: Path, finding: str) -> StoreError:
    """What a check found wrong with the file."""
    return StoreError(_DAMAGED.format(path=path, error=finding), hint=_way_back(path))


def _way_back(path: Path) -> str:
    """What to type to get a database back: the newest backup where there is one."""
    newest = next(iter(backups(path)), None)
    if newest is not None:
        return (
            f"Put back the newest backup, of {newest.taken_at:%Y-%m-%d %H:%M} UTC; what is there now is kept beside it:\n"
            f"custagent restore {newest.path.name}"
        )
    return (
        "There is no backup in this workspace. If you keep one elsewhere: custagent restore FILE\n"
        "Without one, move the file away, then run `custagent apply` and `custagent sources sync`: content is read"
        " again, the record of changes and credits starts anew."
    )


def as_store_error(error: sqlite3.Error | UnicodeError, path: Path) -> StoreError:
    """The same fault for a reader who does not know SQLite."""
    if isinstance(error, UnicodeEncodeError):
        return StoreError(
            f"A text cannot be stored in {path}: it holds half a character ({error.reason}).",
            hint="The page or file that it came from is broken at that place; save it again as UTF-8.",
        )
    # A text that is none: sqlite3 raises an error of its own without a code, or, for a text of SQLite's, Python's.
    if isinstance(error, UnicodeError) or "decode to UTF-8" in str(error) or _family(error) in _DAMAGES:
        return damaged(path, str(error))
    message, hint = _WORDS.get(_family(error), _UNFORESEEN)
    return StoreError(message.format(path=path, error=error), hint=hint)


def is_busy(error: StoreError) -> bool:
    """Whether it was another process that kept the database for too long."""
    return isinstance(error.__cause__, sqlite3.Error) and _family(error.__cause__) == sqlite3.SQLITE_BUSY


def patiently(action: Callable[[], Result], seconds: float) -> Result:
    """`action` again and again while another process holds the database, for about `seconds`.

    SQLite's own busy handler does most of the waiting; it is not called in every case (recovery, a change of journal).
    Raises the last sqlite3.OperationalError when patience ends.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if _family(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(_NEXT_TRY_SECONDS)


def _family(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _FAMILY
