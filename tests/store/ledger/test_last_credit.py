"""Fifty tasks race for the last credit: one wins (R6), within one process and over two."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from custagent.core.conversation import Charge, Status, Turn
from custagent.core.credit import CreditTerms
from custagent.core.errors import OutOfCredits
from custagent.core.message import Message, MessageKind, Sender
from custagent.store import Store
from custagent.testing import FrozenClock

RACERS = 50
TERMS = CreditTerms(policy="conversation", price=100, timezone="UTC", allowance=199)
CHARGE = Charge(amount=100, policy="conversation", terms=TERMS)


def answer(store: Store, name: str) -> str:
    """The agent's first reply in a conversation; what became of the turn."""
    conversation = store.conversations.conversation(name)
    assert conversation is not None
    at = FrozenClock().now()
    said = Message(conversation=name, sender=Sender.AGENT, kind=MessageKind.ANSWER, text="a", at=at)
    try:
        store.conversations.commit(
            Turn(conversation=conversation, status=Status.PENDING, messages=(said,), charge=CHARGE, at=at)
        )
    except OutOfCredits:
        return "refused"
    return "won"


@pytest.fixture
def waiting(desk) -> list[str]:
    """Conversations that wait for their first reply."""
    return [desk.hear(key=f"k{number}").conversation.id for number in range(RACERS)]


def race(stores: list[Store], names: list[str]) -> Counter[str]:
    together = threading.Barrier(len(names))

    def run(number: int) -> str:
        together.wait(timeout=60)
        return answer(stores[number % len(stores)], names[number])

    with ThreadPoolExecutor(len(names)) as pool:
        return Counter(pool.map(run, range(len(names))))


def check(store: Store, names: list[str]) -> None:
    """One was charged, and it alone was replied to."""
    (charge,) = [entry for entry in store.ledger.entries() if entry.conversation]
    assert store.ledger.balance() == 99
    assert [name for name in names if len(store.conversations.messages(name)) > 1] == [charge.conversation]
    assert store.ledger.verify() is None
    assert [notice.key for notice in store.notices.latest(9)] == ["credits:2026-01:100"]


def test_threads(store, waiting):
    assert race([store], waiting) == {"won": 1, "refused": RACERS - 1}
    check(store, waiting)


def test_two_stores_on_one_file(store, waiting, path, clock):
    with Store(path, clock) as other:
        assert race([store, other], waiting) == {"won": 1, "refused": RACERS - 1}
    check(store, waiting)


def race_in_a_process(path: Path, names: list[str], results: multiprocessing.SimpleQueue) -> None:
    with Store(path, FrozenClock()) as store:
        results.put(dict(race([store], names)))


def test_two_processes(store, waiting, path):
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    halves = (waiting[::2], waiting[1::2])
    processes = [context.Process(target=race_in_a_process, args=(path, half, results)) for half in halves]
    for process in processes:
        process.start()
    found = Counter(results.get()) + Counter(results.get())
    for process in processes:
        process.join(timeout=60)
        process.close()
    results.close()
    assert found == {"won": 1, "refused": RACERS - 1}
    check(store, waiting)
