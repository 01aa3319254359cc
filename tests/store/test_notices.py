"""What people must be told is told once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld
from custagent.core.notice import Notice
from custagent.store import LeaseHolder, Store


@pytest.fixture
def notice(clock) -> Notice:
    return Notice(key="k1", kind="credits", permission="admin", text="Half is used.", at=clock.now())


def test_the_same_key_is_told_once(store, notice):
    assert store.notices.tell(notice)
    assert not store.notices.tell(replace(notice, text="Something else."))
    assert store.notices.latest(10) == (replace(notice, id=1),)


def test_what_gives_way_uses_up_no_number(store, notice):
    for _ in range(3):
        store.notices.tell(notice)
    store.notices.tell(replace(notice, key="k2"))
    assert [one.id for one in store.notices.latest(10)] == [2, 1]


def test_the_last_come_first_of_a_kind_or_since(store, notice):
    for number in range(1, 5):
        kind = "credits" if number % 2 else "overdue"
        store.notices.tell(replace(notice, key=f"k{number}", kind=kind, conversation=f"c{number}"))
    assert [one.conversation for one in store.notices.latest(2)] == ["c4", "c3"]
    assert [one.key for one in store.notices.latest(10, kind="credits")] == ["k3", "k1"]
    assert [one.key for one in store.notices.latest(10, after=2)] == ["k4", "k3"]
    assert store.notices.latest(0) == ()


def test_many_who_tell_at_once_tell_once(store, path, clock, notice):
    with Store(path, clock) as other, ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda number: (store, other)[number % 2].notices.tell(notice), range(40)))
    assert told.count(True) == 1
    assert len(store.notices.latest(10)) == 1


def test_a_stale_runner_tells_nothing(store, clock, notice):
    now, ttl = clock.now(), timedelta(seconds=15)
    fence = store.lease.acquire(LeaseHolder(host="h", pid=1, since=now), ttl, now)
    store.lease.acquire(LeaseHolder(host="h", pid=2, since=now), ttl, now + timedelta(hours=1))
    with pytest.raises(LeaseHeld):
        store.notices.tell(notice, fence=fence)
    assert store.notices.latest(1) == ()
