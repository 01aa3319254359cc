"""The database looked at without being touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.core.errors import StoreError
from custagent.core.record import AuditEntry
from custagent.store import Store
from custagent.store.database.health import look_at
from custagent.store.database.migrations import LATEST_VERSION
from custagent.testing import FrozenClock


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "custagent.db"
    clock = FrozenClock()
    with Store(path, clock) as store:
        for hours in (0, 2, 1):
            at = clock.now() + timedelta(hours=hours)
            store.audit.record(AuditEntry(at=at, actor="anna", action="apply", subject="support"))
    return path


def test_a_whole_file(database: Path) -> None:
    before = database.read_bytes()
    health = look_at(database, seconds=30)
    assert (health.version, health.latest, health.looked_through, health.kept) == (LATEST_VERSION,) * 2 + (True, False)
    assert health.size == len(before)
    assert health.newest_at == FrozenClock().now() + timedelta(hours=1)
    assert database.read_bytes() == before


def test_a_new_database_has_no_newest_entry(tmp_path: Path) -> None:
    path = tmp_path / "custagent.db"
    Store(path, FrozenClock()).close()
    assert look_at(path, seconds=30).newest_at is None


def test_an_older_one_is_not_brought_up(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST_VERSION - 1}")
    health = look_at(database, seconds=30)
    assert (health.version, health.newest_at) == (LATEST_VERSION - 1, None)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST_VERSION - 1,)


def test_a_damaged_one_is_told(database: Path) -> None:
    body = bytearray(database.read_bytes())
    body[4096:8192] = b"\xff" * 4096
    database.write_bytes(body)
    with pytest.raises(StoreError, match="damaged"):
        look_at(database, seconds=30)


@pytest.mark.parametrize("text", [b"this is no database at all, but a long enough text" * 20, b""])
def test_what_is_none_is_told(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "custagent.db"
    path.write_bytes(text)
    if text:
        with pytest.raises(StoreError, match="damaged"):
            look_at(path, seconds=30)
    else:
        assert look_at(path, seconds=30).version == 0


def test_another_programs_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "custagent.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    with pytest.raises(StoreError, match="another program"):
        look_at(path, seconds=30)


def test_one_that_is_missing_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        look_at(tmp_path / "custagent.db", seconds=30)
    assert list(tmp_path.iterdir()) == []


def test_one_that_somebody_keeps_is_told(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custagent.store.database.health._BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert look_at(database, seconds=30).kept
    assert not look_at(database, seconds=30).kept
