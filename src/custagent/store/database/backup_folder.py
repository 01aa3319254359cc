"""Where backups lie and what they are called: `backups/`, beside the database. No SQL, no opening: names and times."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

FOLDER = "backups"
#: Beside each backup stands the SHA-256 of it, as `sha256sum --check` reads it.
CHECKSUM_SUFFIX = ".sha256"
#: And the folder of what it keeps that is not in the database.
FILES_SUFFIX = ".files"

_TIME = "%Y%m%d-%H%M%S"
_TAKEN = re.compile(r"custagent-(\d{8}-\d{6})(?:-\d+)?\.db")
_UPGRADE = re.compile(r"upgrade-from-\d+-to-\d+(?:-\d+)?\.db")


class BackupKind(StrEnum):
    """Why there is a backup."""

    #: Somebody asked for it.
    TAKEN = "taken"
    #: The tables were about to be changed by a newer custagent.
    UPGRADE = "upgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """One backup in the folder, by its name alone: it was not opened."""

    path: Path
    kind: BackupKind
    #: Aware, UTC.
    taken_at: datetime
    #: Bytes.
    size: int


def folder_of(database: Path) -> Path:
    """The folder of the backups of this database."""
    return database.parent / FOLDER


def name_for(at: datetime) -> str:
    """What a backup that somebody asks for at this moment is called."""
    return f"custagent-{at.astimezone(UTC).strftime(_TIME)}.db"


def name_before_upgrade(before: int, after: int) -> str:
    """What is kept before the tables are brought from one version to another."""
    return f"upgrade-from-{before}-to-{after}.db"


def name_of_replaced(at: datetime) -> str:
    """What a database is called once a backup has taken its place."""
    return f"replaced-{at.astimezone(UTC).strftime(_TIME)}.db"


def free_path(folder: Path, name: str) -> Path:
    """A path in the folder that nothing has: the name itself, or with a number where it is taken."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}.db"
    return path


def checksum_path(backup: Path) -> Path:
    """Where a backup's checksum stands."""
    return backup.with_name(backup.name + CHECKSUM_SUFFIX)


def files_path(backup: Path) -> Path:
    """Where contacts' files stand that belong to a backup, and the workspace's key."""
    return backup.with_name(backup.name + FILES_SUFFIX)


def backups(database: Path) -> tuple[BackupFile, ...]:
    """The backups in the folder, newest first. What `restore` put aside is none: it may be damaged."""
    return tuple(sorted(_backups(folder_of(database)), key=lambda one: (one.taken_at, one.path.name), reverse=True))


def prune(database: Path, keep: int, *, fresh: Path | None = None) -> tuple[Path, ...]:
    """Delete all but the newest `keep` of those that somebody asked for; which. The others are never deleted.

    `fresh` was written just now: it counts as the newest also beside one that was taken while the clock was ahead.
    """
    taken = [one.path for one in backups(database) if one.kind is BackupKind.TAKEN]
    taken.sort(key=lambda path: path != fresh)
    for path in taken[keep:]:
        path.unlink(missing_ok=True)
        checksum_path(path).unlink(missing_ok=True)
        shutil.rmtree(files_path(path), ignore_errors=True)
    return tuple(taken[keep:])


def _backups(folder: Path) -> Iterator[BackupFile]:
    for path in folder.glob("*.db"):
        taken, upgrade = _TAKEN.fullmatch(path.name), _UPGRADE.fullmatch(path.name)
        if not (taken or upgrade):
            continue
        try:
            kept = path.stat()
            named = datetime.strptime(taken[1], _TIME).replace(tzinfo=UTC) if taken else None
        except (OSError, ValueError):  # deleted meanwhile, or a day that no calendar has
            continue
        yield BackupFile(
            path=path,
            kind=BackupKind.TAKEN if taken else BackupKind.UPGRADE,
            taken_at=named or datetime.fromtimestamp(kept.st_mtime, UTC),
            size=kept.st_size,
        )
