"""The machine: Python, the disk, the folder of run-time state, the clock."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from custagent.config.home import Home
from custagent.runtime.health.doctor.finding import Finding, broken, warning, well

#: The oldest Python that custagent is made for.
OLDEST_PYTHON: Final = (3, 11)
#: Bytes: less is too little to work with, and so much should be there besides a copy of the database.
TOO_LITTLE: Final = 100 * 1024 * 1024
SCARCE: Final = 1024 * 1024 * 1024
#: Clocks of one company's machines differ by less.
TOLERANCE: Final = timedelta(minutes=5)
_MB: Final = 1024 * 1024


def python(version: Sequence[int] = tuple(sys.version_info[:3])) -> Finding:
    """The Python that runs this."""
    told = ".".join(map(str, version))
    if tuple(version[:2]) < OLDEST_PYTHON:
        return broken(
            "python", f"Python {told} is too old: it has to be 3.11 or newer.", "Install custagent in a newer Python."
        )
    return well("python", f"Python {told}.")


def disk(home: Home, free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free) -> Finding:
    """Room on the disk that the workspace is on: for what is written, and for a copy of the database."""
    left = free(home.root)
    needed = home.database.stat().st_size if home.database.exists() else 0
    told = f"{left // _MB:,} MB are free on the disk of the workspace"
    if left < TOO_LITTLE:
        return broken("disk", f"{told}: that is too little to go on.", "Free some space. What was confirmed is safe.")
    if left < SCARCE + needed:
        return warning(
            "disk", f"{told}, little for backups of a database of {needed // _MB:,} MB.", "Free some space soon."
        )
    return well("disk", f"{told}.")


def state_folder(home: Home) -> Finding:
    """The folder with conversations and keys: it can be written to, by its owner alone."""
    folder = home.state_folder
    if not folder.exists():
        return well("folder", "There is no run-time state yet; the first command makes it.")
    try:
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return broken(
            "folder", f"{folder} cannot be written to: {error.strerror}.", "Check who owns it, and how it is mounted."
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return warning(
            "folder", f"Other users of this machine can look into {folder}, where conversations are.",
            f"chmod 700 {folder}",
        )  # fmt: skip
    return well("folder", "Only its owner can look into the folder of conversations.")


def clock(now: datetime, newest: datetime | None) -> Finding:
    """The clock against the newest entry of the database: what comes later must not look older."""
    if newest is not None and newest - now > TOLERANCE:
        return broken(
            "clock",
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, but the newest entry is of {newest:%Y-%m-%d %H:%M} UTC.",
            "Set the clock of this machine, best by NTP: timedatectl set-ntp true",
        )
    return well("clock", f"The clock says {now:%Y-%m-%d %H:%M} UTC.")
