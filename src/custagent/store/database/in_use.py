"""The database files that this process has open, and how to read one of them whole without harm.

To close a file takes every lock from it that the process has (POSIX, `fcntl`), whichever way it was opened; SQLite's
connections do not notice that theirs are gone. Another process that ends then takes itself for the last one, folds the
log into the file and deletes it, and what is written from there on is lost. So nobody opens such a file beside SQLite.
"""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Final, Self, TypeAlias

#: Device and inode: a file may be reached by several paths.
_Key: TypeAlias = tuple[int, int]

_OPEN: Counter[_Key] = Counter()
#: Held while a file is opened beside SQLite, so that nobody begins to use it meanwhile.
_GATE = threading.Lock()

#: What a child runs: its locks are its own. Only the standard library, and no site-packages: it is there in 20 ms.
_PROGRAM: Final = """
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    print(hashlib.file_digest(file, "sha256").hexdigest())
"""


class InUse:
    """Says that this process has a database open, from before its first connection until after its last one."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when there is no such file."""
        with _GATE:
            self._key: _Key | None = _key(path)
            _OPEN[self._key] += 1

    def close(self) -> None:
        """May be called twice."""
        with _GATE:
            if self._key is not None:
                _OPEN[self._key] -= 1
                if not _OPEN[self._key]:
                    del _OPEN[self._key]
            self._key = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def make(path: Path) -> None:
    """An empty file that is its owner's alone, where there is none. Raises OSError when it could not be written to."""
    with _GATE:
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        elif not os.access(path, os.R_OK | os.W_OK):
            reason = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
            raise OSError(reason, os.strerror(reason))


def checksum(path: Path) -> str:
    """SHA-256 of all bytes of a database file, whoever has it open. Raises OSError when it cannot be read."""
    with _GATE:
        if not _OPEN[_key(path)]:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    # The locks are per process.
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(path.absolute())], capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise OSError(f"{path} could not be read beside its connections")
    return told.stdout.strip()


def _key(path: Path) -> _Key:
    status = path.stat()
    return status.st_dev, status.st_ino
