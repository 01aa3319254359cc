"""Writes that wait together are committed together, and none harms another."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from custagent.core.errors import StoreError
from custagent.store.database.database import Database


@pytest.fixture
def notes(database: Database) -> Database:
    database.write(lambda connection: connection.execute("CREATE TABLE scratch (text TEXT UNIQUE)").rowcount)
    return database


def add(text: str):
    return lambda connection: connection.execute("INSERT INTO scratch VALUES (?)", (text,)).lastrowid


def texts(database: Database) -> list[str]:
    return database.read(lambda connection: [row[0] for row in connection.execute("SELECT text FROM scratch")])


@contextmanager
def held(database: Database) -> Iterator[list[str]]:
    """Hold the writer, so that what is queued meanwhile makes a group; the statements it runs are listed."""
    statements: list[str] = []
    entered, go_on = threading.Event(), threading.Event()

    def hold(connection):
        connection.set_trace_callback(statements.append)
        entered.set()
        assert go_on.wait(timeout=60)

    holding = database.write_soon(hold)
    assert entered.wait(timeout=60)
    try:
        yield statements
    finally:
        go_on.set()
        holding.result(timeout=60)


def settle(futures: list[Future]) -> list:
    return [each.exception(timeout=60) or each.result() for each in futures]


def test_a_group_is_one_commit(notes):
    with held(notes) as statements:
        queued = [notes.write_soon(add(f"{number}")) for number in range(20)]
    assert settle(queued) == list(range(1, 21))
    assert statements.count("COMMIT") == 2, "the one that held the writer, and the group"
    assert len(texts(notes)) == 20


def test_a_failing_write_harms_no_other(notes):
    def fail(connection):
        add("half done")(connection)
        raise KeyError("mine")

    with held(notes) as statements:
        queued = [notes.write_soon(each) for each in (add("a"), fail, add("b"), add("a"), add("c"))]
    first, failed, second, refused, third = settle(queued)
    assert statements.count("COMMIT") == 2
    assert (first, second, third) == (1, 2, 3)
    assert isinstance(failed, KeyError)
    assert isinstance(refused, StoreError)
    assert texts(notes) == ["a", "b", "c"]


def test_a_write_that_destroys_the_transaction_harms_no_other(notes):
    """As a disk that fills up in the middle may do."""

    def destroy(connection):
        connection.execute("ROLLBACK")
        raise KeyError("mine")

    with held(notes):
        queued = [notes.write_soon(each) for each in (add("a"), destroy, add("b"))]
    first, failed, second = settle(queued)
    assert (first, second) == (1, 2)
    assert isinstance(failed, KeyError)
    assert texts(notes) == ["a", "b"]


def test_a_group_whose_commit_fails_is_committed_one_by_one(notes):
    notes.write(
        lambda connection: (
            connection.execute(
                "CREATE TABLE replies (note TEXT REFERENCES scratch (text) DEFERRABLE INITIALLY DEFERRED)"
            ).rowcount
        )
    )

    def refer_to_nothing(connection):
        connection.execute("INSERT INTO replies VALUES ('nothing')")

    with held(notes):
        queued = [notes.write_soon(each) for each in (add("a"), refer_to_nothing, add("b"))]
    first, failed, second = settle(queued)
    assert (first, second) == (1, 2)
    assert "FOREIGN KEY" in failed.message
    assert texts(notes) == ["a", "b"]


def test_a_group_that_cannot_begin_tells_everybody(path: Path, notes: Database):
    """And it waits once for all, not once for each."""
    statements: list[str] = []
    with Database(path, busy_seconds=0.05) as hasty:
        hasty.write(lambda connection: connection.set_trace_callback(statements.append))
        with held(notes):
            queued = [hasty.write_soon(add(f"{number}")) for number in range(50)]
            assert all("busy" in each.message for each in settle(queued))
        assert sum(each.startswith("BEGIN") for each in statements) < 50
        hasty.write(add("later"))
    assert texts(notes) == ["later"]


def test_a_cancelled_write_is_not_run(notes):
    with held(notes):
        queued = [notes.write_soon(add("a")), notes.write_soon(add("b")), notes.write_soon(add("c"))]
        assert queued[1].cancel()
    settle([queued[0], queued[2]])
    assert texts(notes) == ["a", "c"]


def test_only_cancelled_writes(notes):
    with held(notes):
        assert notes.write_soon(add("a")).cancel()
    notes.write(add("b"))
    assert texts(notes) == ["b"]


def test_more_than_one_group(notes):
    with held(notes) as statements:
        queued = [notes.write_soon(add(f"{number}")) for number in range(600)]
    assert settle(queued) == list(range(1, 601))
    assert statements.count("COMMIT") < 10


def test_eight_threads(notes):
    """What a thread was told is committed, it and everybody else can read."""

    def work(thread: int) -> None:
        for number in range(25):
            text = f"{thread}/{number}"
            notes.write(add(text))
            assert text in texts(notes)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(texts(notes)) == sorted(f"{thread}/{number}" for thread in range(8) for number in range(25))


def test_between_two_writes_nothing_is_under_way(notes):
    """Whoever is stopped in the middle of a write takes the lock on the file along."""
    under_way, seen = [], []

    def write(connection):
        under_way.append(1)
        add(f"note {len(seen)}")(connection)
        time.sleep(0.01)
        under_way.pop()

    for _ in range(5):
        writing = notes.write_soon(write)
        while not under_way and not writing.done():
            time.sleep(0.001)
        notes.between_writes(lambda: seen.append(len(under_way)))
        writing.result()
    assert seen == [0] * 5


def test_a_write_that_takes_too_long_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr("custagent.store.database.database._BETWEEN_WRITES_SECONDS", 0.01)
    done = []
    with Database(path) as database, held(database):
        database.between_writes(lambda: done.append(1))
        assert done
