"""One runner a workspace, and what an old one may not do (RUN-1, R4, R8)."""

import os
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld
from custagent.store import LeaseHolder, Store

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
