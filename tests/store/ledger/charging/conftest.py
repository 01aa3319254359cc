"""Contacts who are replied to, and what that costs."""

from __future__ import annotations

import pytest

from custagent.core.conversation import Status
from custagent.core.message import DeliveryReceipt, DeliveryStatus


@pytest.fixture
def desk(store, clock, make_desk):
    """One whose turns deal with all that the contact wrote."""

    class Diligent(make_desk):
        def turn(self, conversation, *kinds, **given):
            handled = tuple(one.id for one in store.conversations.messages(conversation.id))
            return super().turn(conversation, *kinds, **({"handled": handled} | given))

    return Diligent(store, clock)


@pytest.fixture
def amounts(store):
    def amounts() -> list[tuple[int, str]]:
        return [(entry.amount, entry.policy) for entry in store.ledger.entries() if entry.conversation]

    return amounts


@pytest.fixture
def fate(store, clock):
    """Say what became of a reply."""

    def say(message: int, status: DeliveryStatus) -> None:
        store.outbox.record(message, DeliveryReceipt(status=status), clock.now())

    return say


@pytest.fixture
def later(store, desk, clock):
    """So many hours pass, and what silence closes is closed."""

    def later(hours: float) -> None:
        clock.advance(hours=hours)
        for conversation in store.conversations.due_for_closing(desk.THREADINGS, clock.now()):
            desk.say(conversation, status=Status.CLOSED)

    return later
