"""Copies of the database: taken while others write, looked through before they count, put in place whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custagent.core.errors import StoreError
from custagent.store.database.backup_files import hashes_in, keep_beside, sync_folder
from custagent.store.database.backup_folder import (
    FILES_SUFFIX,
    checksum_path,
    files_path,
    folder_of,
    free_path,
    name_before_upgrade,
)
from custagent.store.database.connection import at_one_moment, connect, finding
from custagent.store.database.faults import as_store_error, damaged, patiently
from custagent.store.database.migrations import APPLICATION_ID, LATEST_VERSION, version_of
from custagent.store.database.moments import from_text

#: Pages of 4 KB that are copied between two reports.
_STEP_PAGES = 2_048
#: A copy that was not finished is written to all the time; one that was not for so long is what a kill left behind.
_ABANDONED_SECONDS = 3_600.0
#: Tables that hold nothing of anybody: SQLite's, the list of migrations, and the search's own.
_NOT_ROWS = ("sqlite_%", "_sqlite_migrations", "message_words%")

#: Hears (pages copied, pages in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database holds, in figures to compare two by."""

    #: The version of the tables.
    version: int
    conversations: int
    messages: int
    #: Entries of the ledger, and their sum in credits.
    credit_entries: int
    balance: int
    #: Entries of the record of changes.
    changes: int
    #: When the last message was written, UTC; None where there is none.
    last_message_at: datetime | None


def copy_database(source: Path, target: Path, *, files: bool = False, progress: Progress | None = None) -> None:
    """Write a copy of the database at `source` to `target`, for the owner alone; with `files` what belongs to it too.

    It is the state of one moment, while others go on writing. It is looked through and on the disk before it gets its
    name, with its checksum beside it; what had the name before is replaced. Raises StoreError when the source is
    damaged, or the disk does not take the copy.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _written_whole(part):
            _copy(source, part, progress or (lambda _done, _of: None))
            if files:
                beside = part.with_name(f"{part.name}{FILES_SUFFIX}")
                keep_beside(source.parent, hashes_in(part), beside, files_path(target))
            _settle(part, target)
    except OSError as error:
        raise StoreError(
            f"The copy {target} cannot be written ({error.strerror}).",
            hint="Check that the folder is there and yours, and that its disk is not full; or name another file.",
        ) from error


def copy_before_upgrade(database: Path, version: int) -> Path | None:
    """Keep the database as it is before its tables are changed; None for one that holds nothing yet.

    A copy that an upgrade kept which was killed then is not kept twice. Raises StoreError: better no upgrade than one
    without a way back.
    """
    with closing(connect(database, "ro")) as connection:
        if not _has_rows(connection):
            return None
    folder = folder_of(database)
    folder.mkdir(mode=0o700, exist_ok=True)
    name = name_before_upgrade(version, LATEST_VERSION)
    path = free_path(folder, name)
    copy_database(database, path)
    for other in folder.glob(f"{Path(name).stem}*.db"):
        if other != path and _noted_checksum(other) == _noted_checksum(path):
            path.unlink()
            checksum_path(path).unlink()
            return other
    return path


def rewrite(backup: Path, change: Callable[[sqlite3.Connection], bool]) -> str:
    """Change a backup in a copy of it, which takes its place with a checksum of its own; why it could not be done, or "".

    `change` says whether there was anything to change; else the backup stays as it is.
    """
    part = backup.with_name(f".{backup.name}.{os.getpid()}.part")
    try:
        with _written_whole(part):
            part.write_bytes(b"")
            part.chmod(0o600)
            shutil.copyfile(backup, part)
            with closing(connect(part, "rw")) as connection:
                if int(connection.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
                    return "it is no database of custagent"
                if found := finding(connection):
                    return f"it is damaged ({found})"
                changed = change(connection)
            if changed:
                _settle(part, backup)
    except (sqlite3.Error, OSError, ValueError) as error:  # a damaged file may hold anything where a time should stand
        return str(error)
    return ""


def examine(path: Path) -> Contents:
    """What a backup holds, after a look through all of it. Raises StoreError for one that cannot be trusted."""
    if not path.is_file():
        raise StoreError(f"There is no file {path}.", hint="The backups of this workspace: custagent backup --list")
    noted = _noted_checksum(path)
    if noted is not None and noted != _checksum(path):
        raise _unfit(path, "it is not what was written: its checksum has changed")
    try:
        with closing(connect(path, "ro")) as connection:
            return at_one_moment(connection, lambda reading: _examined(reading, path))
    except (sqlite3.Error, ValueError) as error:  # a damaged file may hold anything where a time should stand
        raise _unfit(path, f"it is damaged ({error})") from error


def contents_of(connection: sqlite3.Connection) -> Contents:
    """What the database holds; an older one may not have all tables yet."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def one(table: str, what: str) -> int:
        if table not in there:
            return 0
        return int(connection.execute(f"SELECT coalesce({what}, 0) FROM {table}").fetchone()[0])  # noqa: S608 - constants of this file

    last = (
        connection.execute("SELECT max(last_message_at) FROM conversations").fetchone()
        if ("conversations" in there)
        else (None,)
    )
    return Contents(
        version=version_of(connection),
        conversations=one("conversations", "count(*)"),
        messages=one("messages", "count(*)"),
        credit_entries=one("credit_entries", "count(*)"),
        balance=one("credit_entries", "sum(amount)"),
        changes=one("audit", "count(*)"),
        last_message_at=from_text(last[0]) if last[0] else None,
    )


def _copy(source: Path, part: Path, progress: Progress) -> None:
    """Raises StoreError, OSError; the copy is closed when it returns."""
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        with closing(connect(source, "ro")) as reading, closing(connect(part, "rw")) as writing:
            # Nobody but us sees the copy before it is done: no journal, and one wait for the disk at the end.
            writing.execute("PRAGMA synchronous = OFF")
            patiently(lambda: _begin_reading(reading), seconds=30.0)
            # The open transaction keeps to one moment: without it every write of others would begin the copy anew.
            reading.backup(
                writing, pages=_STEP_PAGES, progress=lambda _status, left, of: progress(of - left, of), sleep=0.01
            )
            reading.execute("ROLLBACK")
            # One file that needs no log beside it, and can be read from a disk that takes no writing.
            writing.execute("PRAGMA journal_mode = DELETE")
            found = finding(writing)
    except sqlite3.Error as error:
        raise _copying_failed(error, source, part) from error
    if found:
        raise damaged(source, found)


def _copying_failed(error: sqlite3.Error, source: Path, part: Path) -> Exception:
    """The fault of the side that it is on: only the copy needs room, and only the source can be damaged."""
    full = as_store_error(error, part).message.startswith("The disk")
    return OSError(errno.ENOSPC, str(error)) if full else as_store_error(error, source)


def _begin_reading(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _examined(connection: sqlite3.Connection, path: Path) -> Contents:
    """Raises StoreError unless the file is ours, of a version that we know, and whole."""
    version = version_of(connection)
    if int(connection.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
        raise _unfit(path, "it is no database of custagent")
    if version > LATEST_VERSION:
        raise StoreError(
            f"{path} was written by a newer custagent (version {version} of the tables; this one knows"
            f" {LATEST_VERSION}).",
            hint="Update this one with `pip install --upgrade custagent`.",
        )
    found = finding(connection)
    if found:
        raise _unfit(path, f"it is damaged ({found})")
    return contents_of(connection)


def _unfit(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path} cannot be used as a backup: {why}.",
        hint="Nothing was changed. The backups of this workspace: custagent backup --list",
    )


def _has_rows(connection: sqlite3.Connection) -> bool:
    unlike = " AND ".join(["name NOT LIKE ?"] * len(_NOT_ROWS))
    tables = connection.execute(f"SELECT name FROM sqlite_master WHERE type = 'table' AND {unlike}", _NOT_ROWS)  # noqa: S608 - constants of this file
    return any(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {name})").fetchone()[0] for (name,) in tables)  # noqa: S608 - the names of our own tables


@contextmanager
def _written_whole(part: Path) -> Iterator[None]:
    """Leave nothing unfinished behind, neither of this copy nor of earlier ones that were killed."""
    for left in part.parent.glob(".*.part*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                _remove(left)
    try:
        yield
    finally:
        for path in part.parent.glob(f"{part.name}*"):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _settle(part: Path, target: Path) -> None:
    """Give the finished copy its name, its checksum first: both are on the disk when this returns."""
    note, unfinished = checksum_path(target), checksum_path(part)
    unfinished.write_text(f"{_checksum(part)}  {target.name}\n", encoding="utf-8")
    unfinished.chmod(0o600)
    for path in (part, unfinished):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    # Without a note a copy counts by what is in it; with the note of another one it would be refused.
    note.unlink(missing_ok=True)
    part.replace(target)
    unfinished.replace(note)
    sync_folder(target.parent)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noted_checksum(path: Path) -> str | None:
    try:
        return checksum_path(path).read_text(encoding="utf-8").partition(" ")[0]
    except (OSError, UnicodeDecodeError):
        return None
