"""One command at a time changes a folder's files: what two change at once is neither lost nor put back by the other."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from custagent.core.errors import WorkspaceError

#: How long another command may take, in seconds; most need less than one.
PATIENCE: Final = 30.0
_NEXT_TRY: Final = 0.05
#: The errors by which a lock says that somebody has it. All others mean that there are no locks here, as on some network disks.
_TAKEN: Final = (errno.EAGAIN, errno.EACCES)


@contextmanager
def locked(folder: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Keep other commands from changing the folder's files meanwhile; who dies gives it back.

    Raises WorkspaceError when another one has it for longer than `patience` seconds.
    """
    handle = _lock(folder, time.monotonic() + patience)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path, until: float) -> int | None:
    """The folder, open and locked; None where there are no locks, or no folder yet."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except (ImportError, OSError):
        return None
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _TAKEN:
                    break
                if time.monotonic() >= until:
                    raise WorkspaceError(
                        f"another custagent command is changing the files in {folder}",
                        hint="wait until it has ended, then run this one again",
                    ) from error
                time.sleep(_NEXT_TRY)
            else:
                return handle
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
