"""The database's files as a crash leaves them: copied while they are open, or cut in the middle of a write."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from custagent.store import Store
from custagent.testing import FrozenClock

#: In memory where there is such a folder: these tests are about order, not about how quickly a disk says "done".
MEMORY = Path("/dev/shm")


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))


@cache
def blank() -> bytes:
    """A new database, made once: the migrations would take most of the time."""
    folder = new_folder()
    Store(folder / "custagent.db", FrozenClock()).close()
    made = (folder / "custagent.db").read_bytes()
    shutil.rmtree(folder)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The bytes of a database and of its log at one moment: what a killed process leaves behind."""

    database: bytes
    log: bytes

    @classmethod
    def of(cls, path: Path) -> Self:
        log = path.with_name(f"{path.name}-wal")
        return cls(database=path.read_bytes(), log=log.read_bytes() if log.exists() else b"")

    def put(self, folder: Path) -> Path:
        """Lay them into a folder; the database's path."""
        path = folder / "custagent.db"
        path.write_bytes(self.database)
        if self.log:
            path.with_name(f"{path.name}-wal").write_bytes(self.log)
        return path

    def torn(self, after: Files, share: float) -> tuple[Files, bool]:
        """What a power cut leaves of the write that made `after` of these: `share`, 0 to 1, of its bytes.

        With it, whether the whole write is there. A write that also folded the log into the file is taken whole: that
        comes after the commit.
        """
        if after.database != self.database or after.log == self.log:
            return after, True
        begin = _first_difference(self.log, after.log)
        end = begin + round((len(after.log) - begin) * share)
        log = after.log[:end] + self.log[end:]
        return Files(database=self.database, log=log), log == after.log


def _first_difference(one: bytes, other: bytes) -> int:
    same, differ = 0, min(len(one), len(other)) + 1
    while differ - same > 1:
        middle = (same + differ) // 2
        same, differ = (middle, differ) if one[:middle] == other[:middle] else (same, middle)
    return same
