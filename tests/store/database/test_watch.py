"""Whether anything was committed, told without reading it."""

from __future__ import annotations

import pytest

from custagent.core.errors import StoreError
from custagent.store.database.database import Database


def write(database: Database) -> None:
    database.write(lambda connection: connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)"))
    database.write(lambda connection: connection.execute("INSERT INTO t VALUES (1)"))


def test_a_commit_of_anybodys_is_a_change_and_nothing_else_is(database, path):
    before = database.changes()
    assert database.changes() == before
    database.read(lambda connection: connection.execute("SELECT 1").fetchone())
    assert database.changes() == before
    write(database)
    after_ours = database.changes()
    assert after_ours != before
    with Database(path) as other:
        write(other)
    assert database.changes() != after_ours


def test_what_was_undone_is_no_change(database):
    write(database)
    before = database.changes()

    def fail(connection) -> None:
        connection.execute("INSERT INTO t VALUES (2)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(fail)
    assert database.changes() == before


def test_a_closed_database_says_so(path):
    database = Database(path)
    database.changes()
    database.close()
    with pytest.raises(StoreError, match="is closed"):
        database.changes()
