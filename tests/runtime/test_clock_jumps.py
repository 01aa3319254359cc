"""Clocks that are set, by a day either way and over odd moments: nothing early, late, twice or frozen (R8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from custagent.core.credit import CreditTerms
from custagent.core.message import MessageKind
from tests.runtime.clock_jumps import LIMIT, ODD_MOMENTS, nothing_twice, walk


def test_a_clock_that_jumps_under_a_working_runner(live, until):
    found = asyncio.run(walk(live, until, jumps=25, seed=8))
    nothing_twice(found)
    assert len(found.closed) > 3


@pytest.mark.parametrize("moment", ODD_MOMENTS, ids=lambda moment: f"{moment:%Y-%m-%d}")
def test_a_day_is_a_day_whatever_the_calendar_does(clients, moment):
    """The limit is 24 hours of silence, also over a night of 23 or 25 hours, a leap day, and the end of a month."""
    from tests.machines.thread import THREADINGS

    clients.clock.advance(seconds=(moment - clients.clock.now()).total_seconds())
    begun = clients.write(channel="chat")
    clients.commit(begun.conversation.id, MessageKind.ANSWER, handled=(begun.message.id,))
    due = clients.store.conversations.due_for_closing
    clients.clock.advance(seconds=LIMIT.total_seconds(), microseconds=-1)
    assert due(THREADINGS, clients.clock.now()) == ()
    clients.clock.advance(microseconds=1)
    assert [one.id for one in due(THREADINGS, clients.clock.now())] == [begun.conversation.id]


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_reply_that_was_put_off_does_not_wait_for_a_clock_that_was_set(clients, days):
    """Set back, it goes out at once; set forward, it is due anyway. Back-off never freezes."""
    begun = clients.write()
    clients.commit(begun.conversation.id, MessageKind.ANSWER)
    (outbound,) = clients.store.outbox.due(clients.clock.now(), limit=9)
    clients.store.outbox.retry(outbound.id, "no answer", clients.clock.now() + timedelta(minutes=15))
    assert clients.store.outbox.due(clients.clock.now(), limit=9) == ()
    clients.clock.advance(days=days)
    assert [one.id for one in clients.store.outbox.due(clients.clock.now(), limit=9)] == [outbound.id]
    # And once more from there: what is put off by the new clock waits by the new clock.
    clients.store.outbox.retry(outbound.id, "no answer", clients.clock.now() + timedelta(minutes=15))
    assert clients.store.outbox.due(clients.clock.now(), limit=9) == ()
    clients.clock.advance(minutes=15)
    assert [one.id for one in clients.store.outbox.due(clients.clock.now(), limit=9)] == [outbound.id]


@pytest.mark.parametrize("month", ["2026-03", "2026-10", "2026-12", "2028-02"])
def test_a_month_is_granted_and_ended_once_however_often_its_end_is_crossed(clients, month):
    terms = CreditTerms(policy="conversation", price=100, timezone="Europe/Stockholm", allowance=500)
    year, number = int(month[:4]), int(month[5:])
    ends = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    ledger = clients.store.ledger
    ledger.settle(terms, ends - timedelta(days=9))
    for step in (-25, 1, -3, -26, 30, 1, -1, 40):
        ledger.settle(terms, ends + timedelta(hours=step))
    assert [(one.kind.value, one.amount) for one in ledger.entries()] == [
        ("grant", 500),
        ("expiry", -500),
        ("grant", 500),
    ]
    assert ledger.balance() == 500
