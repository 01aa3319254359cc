"""Many threads and two stores at once: one row, one winner, one charge (R2, R4, R6)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from custagent.core.errors import LeaseHeld, Overtaken
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind
from custagent.store import LeaseHolder, Store

RACERS = 50


@pytest.fixture
def race():
    """Run the callables at once, each in a thread of its own; what they returned or raised."""

    def race(*racers):
        together = threading.Barrier(len(racers))

        def run(racer):
            together.wait(timeout=60)
            try:
                return racer()
            except (Overtaken, LeaseHeld) as error:
                return error

        with ThreadPoolExecutor(len(racers)) as pool:
            return list(pool.map(run, racers))

    return race


@pytest.fixture
def other(store, path, clock):
    """Another process's view of the same file."""
    with Store(path, clock) as opened:
        yield opened


def test_one_version_one_winner(store, other, desk, race):
    """Three times, because the loser of one version may win the next."""
    conversation = desk.hear().conversation
    for round_ in range(1, 4):
        turn = desk.turn(conversation, MessageKind.ANSWER)
        stores = [store, other] * (RACERS // 2)
        results = race(*(lambda each=each, turn=turn: each.conversations.commit(turn) for each in stores))
        assert Counter(type(result).__name__ for result in results) == {"tuple": 1, "Overtaken": RACERS - 1}
        assert len(store.conversations.messages(conversation.id)) == 1 + round_
    assert [entry.amount for entry in store.ledger.entries()] == [-100]
    assert store.ledger.verify() is None


def test_one_message_one_row(store, other, desk, race):
    message = desk.inbound(external_id="same")

    def begin(each):
        return each.conversations.begin(message, desk.THREADINGS["chat"], agent="ada", at=desk.clock.now())

    begun = race(*(lambda each=each: begin(each) for each in [store, other] * (RACERS // 2)))
    assert Counter(each.duplicate for each in begun) == {True: RACERS - 1, False: 1}
    assert len({(each.conversation.id, each.message) for each in begun}) == 1
    ((_, messages),) = store.conversations.unhandled()
    assert len(messages) == 1


def test_one_contact_one_conversation(store, other, desk, race):
    """The first messages of a contact, all at once."""
    messages = [desk.inbound(text=f"{number}") for number in range(RACERS)]

    def begin(each, message):
        return each.conversations.begin(message, desk.THREADINGS["chat"], agent="ada", at=desk.clock.now())

    begun = race(*(lambda m=m, n=n: begin((store, other)[n % 2], m) for n, m in enumerate(messages)))
    assert len({each.conversation.id for each in begun}) == 1
    assert Counter(each.new for each in begun) == {True: 1, False: RACERS - 1}
    assert sorted(each.conversation.version for each in begun) == list(range(1, RACERS + 1))


def test_one_charge_one_reversal(store, other, desk, race):
    """All the replies of a conversation are given up at once."""
    conversation = desk.hear().conversation
    replies = desk.say(conversation, *[MessageKind.ANSWER] * 20)
    receipt = DeliveryReceipt(status=DeliveryStatus.FAILED)
    race(
        *(
            lambda r=reply, n=number: (store, other)[n % 2].outbox.record(r.id, receipt, desk.clock.now())
            for number, reply in enumerate(replies)
        )
    )
    assert [entry.amount for entry in store.ledger.entries()] == [-100, 100]


def test_one_lease_one_runner(store, other, clock, race):
    now, ttl = clock.now(), timedelta(seconds=15)
    holders = [LeaseHolder(host="h", pid=number, since=now) for number in range(1, 11)]
    results = race(*(lambda h=h: (store, other)[h.pid % 2].lease.acquire(h, ttl, now) for h in holders))
    assert Counter(type(result).__name__ for result in results) == {"int": 1, "LeaseHeld": 9}
    assert store.lease.holder(now).pid == holders[[type(each) for each in results].index(int)].pid
