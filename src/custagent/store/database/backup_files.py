"""What a backup keeps beside its database, in a folder of its name: contacts' files by their hash, and the workspace's key.

Where the disk is the same, files are kept by a second name for the same bytes, which costs no room: a kept file is never
written again. The folder has its name before the database has: a backup that is there has its files.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable
from contextlib import closing, suppress
from pathlib import Path

from custagent.store.database.backup_folder import FILES_SUFFIX, files_path
from custagent.store.database.connection import connect

#: Of the workspace, in the folder that its database is in.
FILES, KEY = "files", "key"
_HASH = re.compile(r"[0-9a-f]{64}")
#: A folder without its database that is older than this was left behind by a kill.
_ABANDONED_SECONDS = 3_600.0


def hashes_in(database: Path) -> frozenset[str]:
    """The files that messages of this database came with; an older one knows of none. Raises sqlite3.Error."""
    with closing(connect(database, "ro")) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'attached_files'").fetchone() is None:
            return frozenset()
        rows = connection.execute("SELECT DISTINCT hash FROM attached_files WHERE hash <> ''").fetchall()
    return frozenset(row[0] for row in rows)


def every_hash(state: Path) -> frozenset[str]:
    """All files that are kept in the workspace, whoever names them."""
    return frozenset(path.name for path in (state / FILES).glob("[0-9a-f][0-9a-f]/*") if _HASH.fullmatch(path.name))


def keep_beside(state: Path, hashes: Iterable[str], part: Path, target: Path) -> None:
    """Keep these files and the key of the workspace in the folder `target`, made as `part` first. Raises OSError.

    A file that is gone is left out: it was erased meanwhile, or lost before.
    """
    part.mkdir(mode=0o700)
    for digest in sorted(hashes):
        with suppress(FileNotFoundError):
            _link_or_copy(_place(state, digest), part / digest)
    with suppress(FileNotFoundError):
        _write_whole(part / KEY, (state / KEY).read_bytes())
    sync_folder(part)
    if target.exists():
        shutil.rmtree(target)
    if any(part.iterdir()):
        part.replace(target)
        sync_folder(target.parent)
    else:
        part.rmdir()


def kept_in(backup: Path) -> frozenset[str]:
    """The files that stand beside a backup."""
    folder = files_path(backup)
    if not folder.is_dir():
        return frozenset()
    return frozenset(path.name for path in folder.iterdir() if _HASH.fullmatch(path.name))


def missing_files(backup: Path, state: Path) -> int:
    """How many files that the backup's messages came with are neither beside it nor in the workspace."""
    there = kept_in(backup)
    return sum(digest not in there and not _place(state, digest).is_file() for digest in hashes_in(backup))


def put_files_back(backup: Path, state: Path) -> None:
    """Bring the backup's files into the workspace, each whole or not at all. Raises OSError.

    What is there stays. A file that a disk has changed since is left out: its name says what was in it.
    """
    folder = files_path(backup)
    for digest in sorted(hashes_in(backup) & kept_in(backup)):
        target = _place(state, digest)
        if target.is_file() or not _is_whole(folder / digest):
            continue
        (state / FILES).mkdir(mode=0o700, exist_ok=True)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part = target.with_name(f".{digest}.{os.getpid()}")
        try:
            _link_or_copy(folder / digest, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(target.parent)


def put_key_back(backup: Path, state: Path) -> None:
    """Let the workspace know again what it gave away when the backup was taken. Raises OSError."""
    kept, target = files_path(backup) / KEY, state / KEY
    if not kept.is_file() or (target.is_file() and target.read_bytes() == kept.read_bytes()):
        return
    part = target.with_name(f".{KEY}.{os.getpid()}")
    try:
        _write_whole(part, kept.read_bytes())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(state)


def forget_unnamed(backup: Path) -> None:
    """Take away the files beside a backup that no message of it came with any more. Raises OSError, sqlite3.Error."""
    there = kept_in(backup)
    if there:
        forget(backup, there - hashes_in(backup))


def forget(backup: Path, hashes: Collection[str]) -> None:
    """Take these files away that stand beside a backup. Raises OSError."""
    for digest in hashes:
        (files_path(backup) / digest).unlink(missing_ok=True)


def sweep_left_behind(folder: Path) -> None:
    """Take away what stands beside no backup: who writes or deletes one may be killed between the two. What cannot be
    taken away now is tried again the next time.
    """
    for left in folder.glob(f"*.db{FILES_SUFFIX}"):
        with suppress(FileNotFoundError):
            alone = not left.with_name(left.name.removesuffix(FILES_SUFFIX)).exists()
            if alone and time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(state: Path, digest: str) -> Path:
    return state / FILES / digest[:2] / digest


def _link_or_copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that knows no second names
        _write_whole(target, source.read_bytes())


def _write_whole(target: Path, content: bytes) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == path.name
