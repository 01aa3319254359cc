"""What backups are called, which is the newest, and which are deleted."""

import os
from datetime import UTC, datetime

import pytest

from custagent.store.database.backup_folder import (
    BackupKind,
    backups,
    checksum_path,
    folder_of,
    free_path,
    name_before_upgrade,
    name_for,
    name_of_replaced,
    prune,
)

THEN = datetime(2026, 11, 18, 12, 30, 5, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    folder_of(tmp_path / "custagent.db").mkdir()
    return tmp_path / "custagent.db"


def put(database, name, *, modified=None):
    path = folder_of(database) / name
    path.write_bytes(b"1234")
    if modified:
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def test_names_tell_the_time_and_the_versions():
    assert name_for(THEN) == "custagent-20261118-123005.db"
    assert name_before_upgrade(13, 16) == "upgrade-from-13-to-16.db"
    assert name_of_replaced(THEN) == "replaced-20261118-123005.db"


def test_the_newest_comes_first_by_the_name_and_an_upgrade_by_its_file(database):
    old = put(database, "custagent-20261117-090000.db", modified=datetime(2030, 1, 1, tzinfo=UTC))
    new = put(database, name_for(THEN), modified=datetime(2020, 1, 1, tzinfo=UTC))
    between = put(database, "upgrade-from-13-to-16.db", modified=datetime(2026, 11, 18, tzinfo=UTC))
    listed = backups(database)
    assert [one.path for one in listed] == [new, between, old]
    assert [(one.kind, one.size) for one in listed[:2]] == [(BackupKind.TAKEN, 4), (BackupKind.UPGRADE, 4)]
    assert listed[0].taken_at == THEN


def test_what_is_no_backup_is_not_listed(database):
    for name in ("replaced-20261118-123005.db", ".custagent-20261118-123005.db.7.part", "custagent-20261318-990000.db",
                 "custagent-20261118-123005.db.sha256", "notes.db"):  # fmt: skip
        put(database, name)
    assert backups(database) == ()


def test_no_folder_is_no_backup(tmp_path):
    assert backups(tmp_path / "nowhere" / "custagent.db") == ()


def test_a_name_that_is_taken_gets_a_number(database):
    folder = folder_of(database)
    assert free_path(folder, name_for(THEN)).name == name_for(THEN)
    put(database, name_for(THEN))
    second = free_path(folder, name_for(THEN))
    assert second.name == "custagent-20261118-123005-2.db"
    second.touch()
    assert len(backups(database)) == 2


def test_only_old_ones_that_were_asked_for_are_deleted(database):
    taken = [put(database, f"custagent-2026111{day}-000000.db") for day in range(1, 5)]
    for path in taken:
        checksum_path(path).touch()
    kept = [put(database, "upgrade-from-1-to-2.db"), put(database, "replaced-20261111-000000.db")]
    assert prune(database, 2) == (taken[1], taken[0])
    assert {path.name for path in folder_of(database).iterdir()} == {
        *(path.name for path in (*taken[2:], *kept)), *(checksum_path(path).name for path in taken[2:]),
    }  # fmt: skip
    assert prune(database, 2) == ()


def test_the_one_just_taken_is_kept_beside_one_of_a_clock_that_was_ahead(database):
    fresh, ahead, old = (put(database, f"custagent-{day}-000000.db") for day in ("20261118", "20361118", "20261117"))
    assert prune(database, 1, fresh=fresh) == (ahead, old)
    assert fresh.exists()
