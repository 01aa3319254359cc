"""Backups of the workspace, putting one back, and the look through the database before a runner begins.

What happened is in the database; contacts' files and the workspace's key stand beside it, and beside each backup. The
index is made from the database again, and the definitions are YAML under git.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custagent.core.errors import UnknownName, UsageError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.store.database.backup import Contents, copy_database, examine
from custagent.store.database.backup_files import kept_in, missing_files, sweep_left_behind
from custagent.store.database.backup_folder import BackupFile, backups, folder_of, free_path, name_for, prune
from custagent.store.database.lease import LeaseHolder
from custagent.store.database.restore import Restored, contents_at, restore

_log = logging.getLogger(__name__)

#: Seconds that a runner looks through the database before it begins: some gigabytes on a disk of today.
CHECKED_SECONDS = 20.0
#: A look that took longer is told.
_WORTH_TELLING = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was just taken."""

    path: Path
    #: Bytes.
    size: int
    #: Aware, UTC.
    taken_at: datetime
    contents: Contents
    #: How many files of contacts stand beside it.
    files: int
    #: Older ones that were deleted for it.
    pruned: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """What putting a backup back would change."""

    file: Path
    backup: Contents
    #: What the database holds now; None when there is none, or it cannot be read.
    now: Contents | None
    #: Files that its messages came with, and that are neither beside it nor in the workspace.
    missing_files: int


def take_backup(
    app: Application, file: Path | None = None, *, keep: int | None = None, progress: Callable[[int, int], None]
) -> Backup:
    """Copy the database and what belongs to it, whoever writes to it meanwhile, to `file` or into the folder of the backups.

    A folder gets a file that is named by the time. With `keep` only so many of the workspace's own are kept. `progress`
    hears (pages copied, pages in all). Raises UsageError for a file that is there, StoreError.
    """
    if keep is not None and file is not None:
        raise UsageError(
            "--keep is about the backups in the workspace; those elsewhere are not deleted",
            hint="Leave FILE or --keep away.",
        )
    now = app.clock.now()
    target = _target(app, file, now)
    # Opening brings an older database up, and refuses one that is not to be trusted.
    _ = app.store
    copy_database(app.home.database, target, files=True, progress=progress)
    if keep is not None:
        sweep_left_behind(folder_of(app.home.database))
    return Backup(
        path=target,
        size=target.stat().st_size,
        taken_at=now,
        contents=examine(target),
        files=len(kept_in(target)),
        pruned=prune(app.home.database, keep, fresh=target) if keep is not None else (),
    )


def list_backups(app: Application) -> tuple[BackupFile, ...]:
    """The backups in the workspace, newest first."""
    return backups(app.home.database)


def plan_restore(app: Application, name: str) -> RestorePlan:
    """What restoring the backup of this path or name would change; it is looked through.

    Raises UnknownName, StoreError for one that cannot be trusted.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    file = _find(app, name)
    return RestorePlan(
        file=file,
        backup=examine(file),
        now=contents_at(app.home.database),
        missing_files=missing_files(file, app.home.state_folder),
    )


def restore_backup(app: Application, plan: RestorePlan) -> Restored:
    """Put the backup in the place of the database; what was there is kept beside it.

    Raises LeaseHeld while a runner works, StoreError, PermissionDenied: then nothing was changed.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    # Nobody in this process may have the file open while it is replaced.
    app.close()
    app.__dict__.pop("store", None)
    now = app.clock.now()
    done = restore(plan.file, app.home.database, holder=LeaseHolder.this_process(now), at=now)
    app.store.audit.record(
        app.audit_entry("restore", plan.file.name, before=_told(done.before), after=_told(done.after))
    )
    return done


def agents_to_index(app: Application) -> list[str]:
    """The agents with content, whose index may not fit the database after a restore."""
    agents = app.store.versions.live().keys() - {WORKSPACE_KEY}
    return sorted(agent for agent in agents if app.store.sources.source_states(agent))


def check_database(app: Application, *, seconds: float = CHECKED_SECONDS) -> None:
    """Look through the database before a runner begins on it. Raises StoreError when it is damaged.

    Where another runner works already, which will be told, nothing is done.
    """
    if app.store.lease.holder(app.clock.now()) is not None:
        return
    began = time.monotonic()
    whole = app.store.check(seconds=seconds)
    took = time.monotonic() - began
    if not whole:
        _log.warning(
            "the database is too large to be looked through in %.0f s; `custagent backup` looks through all of it", took
        )
    elif took > _WORTH_TELLING:
        _log.info("the database was looked through in %.1f s, and is whole", took)


def _target(app: Application, file: Path | None, now: datetime) -> Path:
    if file is None:
        folder = folder_of(app.home.database)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return free_path(folder, name_for(now))
    if file.is_dir():
        return free_path(file, name_for(now))
    if file.exists():
        raise UsageError(f"{file} is there already", hint="Name another file, or a folder: custagent backup FOLDER")
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}", hint=f"Make it first: mkdir -p {file.parent}")
    return file


def _find(app: Application, name: str) -> Path:
    """A path as it is typed, else a backup of the workspace by its name."""
    inside = folder_of(app.home.database) / name
    for path in (Path(name), inside):
        if path.is_file():
            return path
    listed = list_backups(app)
    newest = f"The newest one here: custagent restore {listed[0].path.name}" if listed else "This workspace has none."
    raise UnknownName(f"there is no backup {name!r}", hint=newest)


def _told(contents: Contents | None) -> str:
    if contents is None:
        return ""
    return (
        f"{contents.conversations} conversations, {contents.messages} messages, {contents.credit_entries} credit"
        f" entries, {contents.balance} credits"
    )
