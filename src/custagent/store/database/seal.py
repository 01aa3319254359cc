"""What the database looked like when the last runner let go of it: it tells of a disk that changed bytes by itself.

SQLite keeps no checksums. It sees when its own structure is broken; a flipped bit in the middle of a text is no fault to
it. So a runner that ends notes the file's checksum beside it, with the time at which it was last written to. Whoever
writes to the file changes that time, and the note says nothing any more; where the time is the same and the bytes are
not, nobody wrote them.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from custagent.store.database.in_use import checksum

#: Two writes within so long may bear the same time.
_SAME_TIME_SECONDS = 0.05


def seal_path(database: Path) -> Path:
    """Where the note stands."""
    return database.with_name(f"{database.name}.seal")


def seal(database: Path) -> None:
    """Note what the file looks like; nobody has it open any more.

    It does nothing where somebody has, or where the note cannot be written: without one the file counts by what SQLite
    finds. A note that a power cut leaves half written does no harm either.
    """
    with suppress(OSError):
        time.sleep(_SAME_TIME_SECONDS)
        before = _written_at(database)
        noted = checksum(database)
        if before == _written_at(database) and not _log_holds_something(database):
            note = seal_path(database)
            part = note.with_name(f"{note.name}.{os.getpid()}")
            part.write_text(f"{noted} {before}\n", encoding="ascii")
            part.chmod(0o600)
            part.replace(note)


def broken_seal(database: Path) -> str:
    """What is wrong by the note, "" when the bytes are those that were noted, or the note says nothing."""
    try:
        noted, _, written = seal_path(database).read_text(encoding="ascii").strip().partition(" ")
        if written != _written_at(database) or noted == checksum(database) or written != _written_at(database):
            return ""
    except (OSError, UnicodeDecodeError):
        return ""
    return "its bytes have changed since the last runner ended, and no program wrote them"


def _written_at(database: Path) -> str:
    """The file's size in bytes and the time of the last write to it in nanoseconds."""
    status = database.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _log_holds_something(database: Path) -> bool:
    log = database.with_name(f"{database.name}-wal")
    return log.exists() and log.stat().st_size > 0
