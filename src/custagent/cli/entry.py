"""From the words that were typed to an exit code."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

import typer

from custagent.cli.app import command
from custagent.core.errors import INTERRUPTED, UsageError, WorkspaceError

_OWNER: Final = "Check who owns it, and how its disk is mounted."
#: What to do about what the system refuses, by its number for it.
_WAYS_OUT: Final = {
    errno.ENOSPC: "Free some space on the disk, then run the command again.",
    errno.EDQUOT: "Free some space on the disk, then run the command again.",
    errno.EROFS: _OWNER,
    errno.EACCES: _OWNER,
    errno.EPERM: _OWNER,
    errno.ENOTDIR: "A file stands where a folder belongs: rename it.",
    errno.EEXIST: "A file stands where a folder belongs: rename it.",
    errno.EISDIR: "A folder stands where a file belongs: rename it.",
    errno.ELOOP: "It is a link that leads back to itself: take it away.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EMFILE: "Too many files are open at once. Raise the limit with: ulimit -n 4096",
}


def run_typed() -> int:
    """Run the command; the exit code that it asks for. Raises CustagentError, KeyboardInterrupt, and what is no error of ours."""
    try:
        asked = command()(prog_name="custagent", standalone_mode=False)
    except typer.Abort:  # Ctrl-C, or Ctrl-D, at a question
        raise KeyboardInterrupt from None
    except typer.TyperException as error:
        from custagent.cli.usage import plainly

        # A group without a command has shown its help, and says nothing more.
        if not str(error):
            return UsageError.exit_code
        raise plainly(error) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not _stands_somewhere():
            raise WorkspaceError("the folder you are in is gone", hint="go to one that exists, e.g.: cd ~") from None
        raise _refused(error) from error
    if asked == INTERRUPTED:  # Ctrl-C while the words were read, which Typer keeps to itself
        raise KeyboardInterrupt
    return asked if isinstance(asked, int) else 0


def _refused(error: OSError) -> WorkspaceError:
    """What the system refused: a file or folder that no command had a better word for."""
    what = f"{error.filename} cannot be used" if error.filename else "the system refused"
    return WorkspaceError(
        f"{what}: {error.strerror or error}",
        hint=_WAYS_OUT.get(error.errno or 0, "Look whether all is in order with: custagent doctor"),
    )


def _stands_somewhere() -> bool:
    """Whether the current folder exists; another program may have removed it."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
