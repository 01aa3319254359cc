"""Commands that keep the database safe: backup, restore."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.ask import confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, progress, say, stdout, success, table
from custagent.core.errors import UsageError
from custagent.runtime.upkeep.backup import (
    RestorePlan,
    agents_to_index,
    list_backups,
    plan_restore,
    restore_backup,
    take_backup,
)
from custagent.store.database.backup import Contents
from custagent.store.database.backup_folder import BackupFile, files_path

_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_STEP = 1000


def backup(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="A new file, or a folder. Default: .custagent/backups/, named by the time.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Delete all but the newest so many in .custagent/backups/.", show_default=False),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the backups of this workspace.")] = False,
    json: Json = False,
) -> None:
    """Copy the database while everything goes on.

    All that happened is in it: conversations, credits, the record of changes, content as it was read. Beside it stands a
    folder of its name with .files behind it: the files that contacts sent, and the workspace's key. The index is not in
    it, for it is made from the database; custagent.yaml, agents/ and content/ are not: keep them in git. The copy is
    looked through before it counts, and only you can read it.

    Examples:
      custagent backup
      custagent backup --keep 14
      custagent backup --list
    """  # fmt: skip
    app = open_app(ctx)
    if listing:
        if file or keep:
            raise UsageError("--list stands alone", hint="custagent backup --list")
        _list(list_backups(app), json=json)
        return
    with progress("Copying the database") as bar:
        taken = take_backup(app, file, keep=keep, progress=lambda done, of: bar.show(done, of, "pages"))
    if json:
        print_json(taken)
        return
    success(f"Backup written: {_near(taken.path)} ({_size(taken.size)})")
    say(f"It holds {_told(taken.contents)}.")
    if taken.files:
        say(f"{counted(taken.files, 'file')} of contacts beside it: {_near(files_path(taken.path))}")
    if taken.pruned:
        say(f"{counted(len(taken.pruned), 'older backup')} deleted.")
    say(
        "Not in it: the index, which is made anew, and your YAML and content files, which belong into git.", style="dim"
    )


def _list(listed: tuple[BackupFile, ...], *, json: bool) -> None:
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no backup yet.")
        next_steps(["custagent backup"])
        return
    rows = [[one.path.name, f"{one.taken_at:%Y-%m-%d %H:%M}", _size(one.size), one.kind.value] for one in listed]
    table(["Backup", "Time (UTC)", "Size", "Kind"], rows)


def restore(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="BACKUP", help="A backup: its path, or its name as `backup --list` shows it.", show_default=False
        ),
    ],
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a backup in the place of the database.

    The files of contacts that stand beside it come back too. Shows what differs and asks. Refused while a runner works on the workspace. What was there is kept as a file in
    .custagent/backups/. What happened after the backup is not in it: replies that went out are not taken back, and
    messages that came in meanwhile are only in the file that is kept.

    Examples:
      custagent restore custagent-20261118-123000.db
      custagent restore /mnt/safe/custagent.db --yes
    """  # fmt: skip
    app = open_app(ctx)
    plan = plan_restore(app, file)
    if not json:
        _compare(plan)
        _tell_missing(plan)
    confirm("Put the backup in the place of the database?", yes=yes)
    done = restore_backup(app, plan)
    agents = agents_to_index(app)
    if json:
        print_json({"restored": plan.file, "result": done, "to_index": agents})
        return
    success(f"Restored {_near(plan.file)}")
    if done.backup_version != done.after.version:
        say(f"Its tables were of version {done.backup_version}; they are of version {done.after.version} now.")
    if done.replaced:
        say(f"What was there is kept: {_near(done.replaced)}")
    if agents:
        say("The index may not fit the older content. Bring it up to date, then look at how things are.")
    next_steps([*(f"custagent sources sync {agent}" for agent in agents), "custagent status"])


def _tell_missing(plan: RestorePlan) -> None:
    if plan.missing_files:
        told = counted(plan.missing_files, "file")
        say(f"{told} of contacts will be missing: neither here nor in {_near(files_path(plan.file))}.", style="yellow")


def _compare(plan: RestorePlan) -> None:
    if plan.now is None:
        say("The database of now cannot be read, or there is none.", style="yellow")
        say(f"The backup holds {_told(plan.backup)}.")
        return
    now, then = plan.now, plan.backup
    rows = [
        ("Conversations", f"{now.conversations}", f"{then.conversations}"),
        ("Messages", f"{now.messages}", f"{then.messages}"),
        ("Last message (UTC)", _last(now), _last(then)),
        ("Credit entries", f"{now.credit_entries}", f"{then.credit_entries}"),
        ("Balance", f"{now.balance}", f"{then.balance}"),
        ("Recorded changes", f"{now.changes}", f"{then.changes}"),
    ]
    table(["", "Now", "In the backup"], rows)
    if stdout().is_terminal:
        say()


def _last(contents: Contents) -> str:
    return f"{contents.last_message_at:%Y-%m-%d %H:%M}" if contents.last_message_at else "none"


def _told(contents: Contents) -> str:
    return (
        f"{counted(contents.conversations, 'conversation')}, {counted(contents.messages, 'message')} and"
        f" {contents.credit_entries} credit entries ({contents.balance} credits); the last message is of"
        f" {_last(contents)} UTC"
        if contents.messages
        else f"no conversation yet, and {contents.credit_entries} credit entries ({contents.balance} credits)"
    )


def _size(size: float) -> str:
    """ "812 bytes", "1.4 MB"."""
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"


def _near(path: Path) -> str:
    """The path as it is typed from here, where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)
