"""One runner a workspace, and what an old one may not do (RUN-1, R4, R8)."""

import os
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld, StoreError
from custagent.store import LeaseHolder, Store
from custagent.store.database.database import Database
from custagent.store.database.lease import Lease

TTL = timedelta(seconds=15)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def first(clock):
    return LeaseHolder(host="web-1", pid=11, since=clock.now())


@pytest.fixture
def second(clock):
    return LeaseHolder(host="web-2", pid=22, since=clock.now())


@pytest.fixture
def other(store, path, clock):
    """Another process's view of the same file."""
    with Store(path, clock) as opened:
        yield opened


def test_the_second_is_told_who_has_it(store, other, clock, first, second):
    assert store.lease.holder(clock.now()) is None
    store.lease.acquire(first, TTL, clock.now())
    with pytest.raises(LeaseHeld, match="process 11 on web-1, since 2026-01-15 12:00:00 UTC") as caught:
        other.lease.acquire(second, TTL, clock.now())
    assert "from 12:00:15 UTC" in caught.value.hint
    assert other.lease.holder(clock.now()) == first


def test_the_same_process_does_not_take_it_twice(store, clock, first):
    store.lease.acquire(first, TTL, clock.now())
    with pytest.raises(LeaseHeld):
        store.lease.acquire(first, TTL, clock.now())


def test_when_it_runs_out_the_next_takes_over_with_a_higher_token(store, other, clock, first, second):
    old = store.lease.acquire(first, TTL, clock.now())
    end = clock.now() + TTL
    with pytest.raises(LeaseHeld):
        other.lease.acquire(second, TTL, end - INSTANT)
    new = other.lease.acquire(second, TTL, end)
    assert new > old
    for stale in (lambda: store.lease.renew(old, TTL, end), lambda: store.lease.check(old)):
        with pytest.raises(LeaseHeld, match="process 22 on web-2") as caught:
            stale()
        assert "custagent status" in caught.value.hint
    other.lease.check(new)
    store.lease.release(old)
    assert other.lease.holder(end) == second


def test_renewing_keeps_it(store, other, clock, first, second):
    token = store.lease.acquire(first, TTL, clock.now())
    for _ in range(5):
        clock.advance(seconds=10)
        store.lease.renew(token, TTL, clock.now())
        with pytest.raises(LeaseHeld):
            other.lease.acquire(second, TTL, clock.now())
    assert store.lease.holder(clock.now()) == first


def test_it_may_be_renewed_late_as_long_as_nobody_followed(store, clock, first):
    token = store.lease.acquire(first, TTL, clock.now())
    clock.advance(hours=1)
    assert store.lease.holder(clock.now()) is None
    store.lease.check(token)
    store.lease.renew(token, TTL, clock.now())
    assert store.lease.holder(clock.now()) == first


def test_released_it_is_free_at_once_and_its_token_is_worth_nothing(store, other, clock, first, second):
    old = store.lease.acquire(first, TTL, clock.now())
    store.lease.release(old)
    assert store.lease.holder(clock.now()) is None
    with pytest.raises(LeaseHeld, match="it was given up"):
        store.lease.renew(old, TTL, clock.now())
    assert other.lease.acquire(second, TTL, clock.now()) > old


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_is_set_neither_keeps_a_dead_runners_lease_nor_lets_two_write(store, other, first, second, jump):
    """R8: a living runner renews within a third of its lease, whatever the clock says."""
    dead = store.lease.acquire(first, TTL, first.since)
    later = first.since + jump
    new = other.lease.acquire(second, TTL, later)
    with pytest.raises(LeaseHeld):
        store.lease.check(dead)
    back = later - jump
    other.lease.renew(new, TTL, back)
    with pytest.raises(LeaseHeld):
        store.lease.acquire(first, TTL, back + TTL - INSTANT)


def test_nobody_ever_had_it(store):
    with pytest.raises(LeaseHeld, match="nothing was written"):
        store.lease.check(1)


def test_this_process(clock):
    holder = LeaseHolder.this_process(clock.now())
    assert holder == LeaseHolder(host=socket.gethostname(), pid=os.getpid(), since=clock.now())


@pytest.mark.parametrize(
    ("statement", "words"),
    [("UPDATE lease SET token = token - 1", "only rise"), ("DELETE FROM lease", "never deleted")],
)
def test_tokens_rise_whatever_program_writes(store, path, first, statement, words):
    store.lease.acquire(first, TTL, first.since)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match=words):
        connection.execute(statement)


class TestAProcessThatEnded:
    """Its lease is taken at once; that of one that lives is not, however silent it is before its time."""

    @pytest.fixture
    def crash(self, path, clock):
        """A runner on this machine takes the lease and is gone: the kernel closes what it had open."""

        def run(host: str = "web-1") -> int:
            with Store(path, clock) as opened:
                return opened.lease.acquire(LeaseHolder(host=host, pid=11, since=clock.now()), TTL, clock.now())

        return run

    @pytest.fixture
    def next_one(self, clock):
        return LeaseHolder(host="web-1", pid=22, since=clock.now())

    def test_is_followed_at_once(self, store, other, crash, next_one, clock):
        old = crash()
        new = store.lease.acquire(next_one, TTL, clock.now())
        assert new > old
        with pytest.raises(LeaseHeld):
            other.lease.check(old)
        with pytest.raises(LeaseHeld, match="process 22"):
            other.lease.acquire(next_one, TTL, clock.now())

    def test_is_nobody(self, store, crash, clock, monkeypatch):
        monkeypatch.setattr(socket, "gethostname", lambda: "web-1")
        crash()
        assert store.lease.holder(clock.now()) is None

    def test_on_another_machine_is_waited_for(self, store, crash, next_one, clock):
        crash(host="web-2")
        with pytest.raises(LeaseHeld, match="process 11 on web-2"):
            store.lease.acquire(next_one, TTL, clock.now())
        store.lease.acquire(next_one, TTL, clock.now() + TTL)

    def test_whose_lock_tells_of_an_earlier_lease_is_waited_for(self, store, path, crash, next_one, clock):
        """As when it was killed before it could write into the lock, or did not know of locks."""
        crash()
        path.with_name("runner.lock").write_text("7777")
        with pytest.raises(LeaseHeld):
            store.lease.acquire(next_one, TTL, clock.now())
        path.with_name("runner.lock").write_text("garbage \N{SNOWMAN}")
        with pytest.raises(LeaseHeld):
            store.lease.acquire(next_one, TTL, clock.now())

    def test_one_that_only_sleeps_has_its_lock_and_is_waited_for(self, store, other, path, next_one, clock):
        sleeping = store.lease.acquire(LeaseHolder(host="web-1", pid=11, since=clock.now()), TTL, clock.now())
        clock.advance(seconds=14)
        with pytest.raises(LeaseHeld):
            other.lease.acquire(next_one, TTL, clock.now())
        clock.advance(seconds=1)
        token = other.lease.acquire(next_one, TTL, clock.now())
        # It wakes, and is gone. The lock is the second one's from its next renewal on, and so is the proof of its end.
        with pytest.raises(LeaseHeld):
            store.lease.renew(sleeping, TTL, clock.now())
        store.close()
        other.lease.renew(token, TTL, clock.now())
        other.close()
        with Store(path, clock) as third:
            assert third.lease.acquire(next_one, TTL, clock.now()) > token

    def test_where_files_cannot_be_locked_the_lease_alone_counts(self, store, path, crash, next_one, clock):
        path.with_name("runner.lock").mkdir()
        crash()
        with pytest.raises(LeaseHeld):
            store.lease.acquire(next_one, TTL, clock.now())
        store.lease.acquire(next_one, TTL, clock.now() + TTL)


def test_one_that_is_stopped_in_the_middle_of_a_write_is_named(path, clock, first, second):
    """It takes SQLite's lock with it: nobody can follow it, so whoever tries is told whom to wake or to end."""
    with Store(path, clock) as sleeping, closing(Database(path, busy_seconds=0.05)) as database:
        sleeping.lease.acquire(first, TTL, clock.now())
        with closing(sqlite3.connect(path, isolation_level=None)) as stopped:
            stopped.execute("BEGIN IMMEDIATE")
            with pytest.raises(LeaseHeld, match="works on this workspace already: process 11"):
                Lease(database).acquire(second, TTL, clock.now())
            clock.advance(seconds=15)
            with pytest.raises(LeaseHeld, match="stopped in the middle of a write: process 11 on web-1") as caught:
                Lease(database).acquire(second, TTL, clock.now())
        assert "kill -CONT 11" in caught.value.hint
        assert "silent since 12:00:00 UTC" in caught.value.hint
        # Where nobody has the runner's lock, it is some command that keeps the database.
        sleeping.lease.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as command:
            command.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="is busy"):
                Lease(database).acquire(second, TTL, clock.now())
