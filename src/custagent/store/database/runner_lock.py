"""Whether the process that took the lease still lives: a lock that the kernel gives back when it does not.

A lease alone keeps a crashed runner's successor waiting until it ends. A process number tells little: it may have been
given to another process since, or mean one in another container. A file lock does not outlive its process, whatever
ended it, and belongs to nobody else; the token that is written into the file ties it to one lease.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

#: How long somebody who only looks may be in the way of somebody who takes it.
_IN_THE_WAY_SECONDS = 0.1
_NEXT_TRY_SECONDS = 0.01


class RunnerLock:
    """The file `runner.lock` beside the database. Where files cannot be locked, nobody ever has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has it."""
        return self._file is not None

    def take(self) -> bool:
        """Have it from now until `free`, or the end of the process; False while somebody else has it."""
        deadline = time.monotonic() + _IN_THE_WAY_SECONDS
        while self._file is None:
            self._file = self._lock(fcntl.LOCK_EX)
            if self._file is None and time.monotonic() >= deadline:
                return False
            if self._file is None:
                time.sleep(_NEXT_TRY_SECONDS)
        return True

    def mark(self, token: int) -> None:
        """Write down which lease it belongs to; does nothing without having it."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(token).encode(), 0)

    def token(self) -> int:
        """Of the lease that it last belonged to; 0 when that cannot be told."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return 0
        return int(text) if text.isdecimal() else 0

    def left_by(self) -> int:
        """The token of the lease whose process has ended without a word; 0 while it lives, or cannot be told."""
        if self._file is not None:
            return 0
        looked = self._lock(fcntl.LOCK_SH)
        if looked is None:
            return 0
        try:
            return self.token()
        finally:
            os.close(looked)

    def free(self) -> None:
        """Give it back; again is no harm."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, how: int) -> int | None:
        """The file, locked; None when it is not to be had."""
        try:
            # Nobody but the owner; not handed on to programs that are started.
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return None
        return file
