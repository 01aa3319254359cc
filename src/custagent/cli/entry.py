"""From the words that were typed to an exit code."""

from __future__ import annotations

from pathlib import Path

import typer

from custagent.cli.app import command
from custagent.core.errors import UsageError, WorkspaceError


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
    except FileNotFoundError:
        if _stands_somewhere():
            raise
        raise WorkspaceError("the folder you are in is gone", hint="go to one that exists, e.g.: cd ~") from None
    return asked if isinstance(asked, int) else 0


def _stands_somewhere() -> bool:
    """Whether the current folder exists; another program may have removed it."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
