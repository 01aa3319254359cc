"""Whoever has the database open keeps SQLite's locks on it: else another process deletes the log that is written to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.core.record import AuditEntry
from custagent.store import Store
from custagent.store.database.health import look_at
from custagent.store.database.in_use import InUse, checksum
from custagent.store.database.seal import seal, seal_path
from custagent.testing import FrozenClock

CLOCK = FrozenClock()
#: Another process, as a command is: it opens the database, writes or only looks, and ends.
COMMAND = """
import sys
from pathlib import Path
from custagent.store import Store
from custagent.testing import FrozenClock
with Store(Path(sys.argv[1]), FrozenClock()) as store:
    print(len(store.audit.entries(100)))
"""


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """A database as a runner leaves it: sealed, and nobody has it open."""
    path = tmp_path / "custagent.db"
    with Store(path, CLOCK) as store:
        store.seal()
    assert seal_path(path).exists()
    return path


def note(store: Store, subject: str) -> None:
    store.audit.record(AuditEntry(at=CLOCK.now(), actor="anna", action="edit", subject=subject))


def seen_by_a_command(path: Path) -> int:
    told = subprocess.run([sys.executable, "-c", COMMAND, str(path)], capture_output=True, text=True, check=True)
    return int(told.stdout)


def open_again(path: Path) -> None:
    Store(path, CLOCK).close()


def check(path: Path) -> None:
    with Store(path, CLOCK) as other:
        other.check()


def end_another(path: Path) -> None:
    seal(path)


def look(path: Path) -> None:
    look_at(path, seconds=10)


def test_a_sealed_file_is_the_same_whoever_has_it_open(ended: Path) -> None:
    alone = checksum(ended)
    with InUse(ended), InUse(ended) as second:
        second.close()
        second.close()
        assert checksum(ended) == alone
    assert checksum(ended) == alone == seal_path(ended).read_text().split()[0]
    with InUse(ended):
        ended.unlink()
        with pytest.raises(FileNotFoundError):
            checksum(ended)


def test_what_cannot_be_read_beside_its_connections_is_an_error_of_the_system(tmp_path: Path) -> None:
    folder = tmp_path / "custagent.db"
    folder.mkdir()
    with InUse(folder), pytest.raises(OSError, match="could not be read"):
        checksum(folder)


@pytest.mark.parametrize("meanwhile", [None, open_again, check, end_another, look])
def test_commands_beside_a_runner_leave_its_log_alone(ended: Path, meanwhile: Callable[[Path], None] | None) -> None:
    with Store(ended, CLOCK) as store:
        store.check()
        if meanwhile is not None:
            meanwhile(ended)
        for number in range(3):
            note(store, str(number))
            assert seen_by_a_command(ended) == number + 1
    assert seen_by_a_command(ended) == 3
