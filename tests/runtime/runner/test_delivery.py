"""The delivery loop: order, back-off, dead letters, what a person or another runner took over, a clean stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import Charge, Status
from custagent.core.errors import LeaseHeld, StoreError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, OutboundMessage
from custagent.runtime.runner.delivery import LONGEST_BACK_OFF, MOST_ATTEMPTS, Delivery, back_off
from custagent.testing import FakeChannel

CHARGE = Charge(amount=100, policy="conversation")
QUEUED, SENT, FAILED, DROPPED = (DeliveryStatus(name) for name in ("queued", "sent", "failed", "dropped"))


class Gated(FakeChannel):
    """Sends nothing in the conversations of these contacts until it may."""

    def __init__(self, *held: str) -> None:
        super().__init__()
        self.held = held
        self.tried: list[str] = []
        self.gate = asyncio.Event()

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        self.tried.append(outbound.message.text)
        if outbound.contact_key in self.held:
            await self.gate.wait()
        return await super().send(outbound)


class Outbox:
    """The outbox, with something that happens before or after one of its methods."""

    def __init__(self, outbox: Any, **happens: Any) -> None:
        self._outbox = outbox
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._outbox, name)

        def call(*args: Any, **named: Any) -> Any:
            if name in self._happens:
                self._happens[name]()
            outcome = method(*args, **named)
            if f"after_{name}" in self._happens:
                self._happens[f"after_{name}"]()
            return outcome

        return call


class Loop:
    """A delivery loop over a store."""

    def __init__(self, clients, adapters: Mapping[str, FakeChannel], *, fence: int = 0, **happens: Any) -> None:
        self.stop = asyncio.Event()
        lease = clients.store.lease
        self.delivery = Delivery(
            Outbox(clients.store.outbox, **happens), lambda: adapters, clients.clock,
            fence=fence, check=lambda: fence and lease.check(fence), poll=0.01, finish=0.2,
        )  # fmt: skip

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.delivery.run(self.stop))
        try:
            yield
        finally:
            self.stop.set()
            async with asyncio.timeout(60):
                await task


@pytest.fixture
def owed(clients):
    """A conversation with replies that wait for sending: its id."""

    def make(*texts: str, key: str = "k1", charge: Charge | None = None, channel: str = "website") -> str:
        begun = clients.write(key=key, channel=channel)
        for text in texts:
            clients.commit(begun.conversation.id, MessageKind.ANSWER, text=text, charge=charge)
        return begun.conversation.id

    return make


def statuses(clients, conversation: str) -> list[DeliveryStatus]:
    return [*clients.store.outbox.statuses(conversation).values()]


def soon(clients) -> tuple[OutboundMessage, ...]:
    """What is due within two seconds."""
    due: tuple[OutboundMessage, ...] = clients.store.outbox.due(clients.clock.now() + timedelta(seconds=2), limit=9)
    return due


def texts(channel: FakeChannel) -> list[str]:
    return [outbound.message.text for outbound in channel.sent]


def test_replies_go_out_in_order_and_that_is_noted(clients, owed, until):
    conversation, channel = owed("one", "two", "three"), FakeChannel()

    async def scene() -> None:
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: statuses(clients, conversation) == [SENT] * 3)

    asyncio.run(scene())
    assert texts(channel) == ["one", "two", "three"]
    assert clients.store.outbox.sent_as("website", "fake-2") == channel.sent[1].id


def test_a_reply_that_is_committed_later_goes_out_too(clients, owed, until):
    channel = FakeChannel()

    async def scene() -> None:
        loop = Loop(clients, {"website": channel})
        async with loop.runs():
            await asyncio.to_thread(owed, "one")
            loop.delivery.wake()
            await until(lambda: texts(channel) == ["one"])

    asyncio.run(scene())


def test_a_conversation_that_hangs_holds_up_its_own_replies_alone(clients, owed, until):
    slow, quick = owed("slow one", "slow two", key="k1"), owed("quick one", "quick two", key="k2")

    async def scene() -> None:
        channel = Gated("k1")
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: statuses(clients, quick) == [SENT] * 2)
            assert statuses(clients, slow) == [QUEUED] * 2
            assert channel.tried.count("slow one") == 1
            channel.gate.set()
            await until(lambda: statuses(clients, slow) == [SENT] * 2)
        assert [text for text in texts(channel) if "slow" in text] == ["slow one", "slow two"]

    asyncio.run(scene())


@given(attempts=st.integers(0, 1000), chance=st.floats(0, 1, exclude_max=True))
def test_the_wait_doubles_up_to_the_longest_and_is_spread(attempts, chance):
    wait = back_off(attempts, lambda: chance).total_seconds()
    middle = min(LONGEST_BACK_OFF, 2.0 ** min(attempts, 20))
    assert 0.75 * middle <= wait < 1.25 * middle + 1e-6
    assert back_off(attempts + 1, lambda: chance).total_seconds() >= wait


def test_all_tries_together_take_about_an_hour_and_a_half():
    total = sum((back_off(attempts, lambda: 0.5) for attempts in range(MOST_ATTEMPTS - 1)), timedelta())
    assert timedelta(minutes=80) < total < timedelta(minutes=100)


def test_a_failure_is_tried_again_after_its_wait_and_not_before(clients, owed, until):
    conversation, channel = owed("one", "two"), FakeChannel(failures=["the provider is away"])

    async def scene() -> None:
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: [one.attempts for one in soon(clients)] == [1])
            (waiting,) = await asyncio.to_thread(
                clients.store.outbox.due, clients.clock.now() + timedelta(seconds=1.25), limit=9
            )
            assert (waiting.message.text, waiting.attempts) == ("one", 1)
            assert await asyncio.to_thread(clients.store.outbox.due, clients.clock.now(), limit=9) == ()
            # What comes after it in the conversation waits with it.
            assert channel.sent == []
            clients.clock.advance(seconds=1.25)
            await until(lambda: statuses(clients, conversation) == [SENT] * 2)

    asyncio.run(scene())
    assert texts(channel) == ["one", "two"]


def test_what_never_goes_out_becomes_a_dead_letter_and_its_charge_is_given_back(clients, owed, until):
    channel = FakeChannel(failures=["the number does not exist"] * MOST_ATTEMPTS)
    conversation = owed("one", charge=CHARGE)

    async def scene() -> None:
        async with Loop(clients, {"website": channel}).runs():
            for attempts in range(1, MOST_ATTEMPTS):
                later = clients.clock.now() + timedelta(hours=1)
                await until(lambda attempts=attempts, later=later: [
                    one.attempts for one in clients.store.outbox.due(later, limit=9)
                ] == [attempts])  # fmt: skip
                assert statuses(clients, conversation) == [QUEUED]
                clients.clock.advance(hours=1)
            await until(lambda: statuses(clients, conversation) == [FAILED])

    asyncio.run(scene())
    assert channel.sent == []
    (letter,) = clients.store.outbox.dead_letters()
    assert (letter.error, letter.outbound.message.text) == ("the number does not exist", "one")
    assert [entry.amount for entry in clients.store.ledger.entries()] == [-100, 100]


def test_after_a_dead_letter_the_next_reply_goes_out(clients, owed, until):
    conversation = owed("one", "two")
    clients.store.outbox.record(2, DeliveryReceipt(status=FAILED, error="gone"), clients.clock.now())
    channel = FakeChannel()

    async def scene() -> None:
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: statuses(clients, conversation) == [FAILED, SENT])

    asyncio.run(scene())
    assert texts(channel) == ["two"]


def test_a_channel_that_is_gone_is_a_dead_letter_at_once(clients, owed, until):
    gone, other, channel = owed("one", channel="old"), owed("two", key="k2"), FakeChannel()

    async def scene() -> None:
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: statuses(clients, gone) == [FAILED])
            await until(lambda: statuses(clients, other) == [SENT])

    asyncio.run(scene())
    (letter,) = clients.store.outbox.dead_letters()
    assert letter.error == "the channel 'old' does not exist any more"


def test_what_a_person_withdrew_just_before_is_not_sent(clients, owed, until):
    conversation, channel = owed("one", charge=CHARGE), FakeChannel()
    taken = []

    def take() -> None:
        if not taken:
            taken.append(
                clients.commit(
                    conversation, MessageKind.PERSON, status=Status.OPEN, assignee="user:anna", withdraws=True
                )
            )

    async def scene() -> None:
        # The loop has read the outbox when it happens.
        async with Loop(clients, {"website": channel}, after_due=take).runs():
            await until(lambda: statuses(clients, conversation) == [DROPPED, SENT])

    asyncio.run(scene())
    assert texts(channel) == ["person"]
    assert [entry.amount for entry in clients.store.ledger.entries()] == [-100, 100]


def test_a_runner_that_has_lost_the_lease_sends_nothing(clients, owed):
    conversation, channel = owed("one"), FakeChannel()
    fence = clients.take_over()
    clients.take_over()

    async def scene() -> None:
        loop = Loop(clients, {"website": channel}, fence=fence)
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(60):
                await loop.delivery.run(loop.stop)
        assert caught.group_contains(LeaseHeld)

    asyncio.run(scene())
    assert channel.sent == []
    assert statuses(clients, conversation) == [QUEUED]


def test_a_runner_that_loses_the_lease_while_it_sends_writes_nothing(clients, owed):
    conversation = owed("one")
    fence = clients.take_over()

    class Slow(FakeChannel):
        async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
            await asyncio.to_thread(clients.take_over)
            return await super().send(outbound)

    async def scene() -> None:
        loop = Loop(clients, {"website": Slow()}, fence=fence)
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(60):
                await loop.delivery.run(loop.stop)
        assert caught.group_contains(LeaseHeld)

    asyncio.run(scene())
    assert statuses(clients, conversation) == [QUEUED]


def test_a_fault_of_one_channel_does_not_stop_the_others(clients, owed, until, caplog):
    class Broken(FakeChannel):
        async def send(self, _: OutboundMessage) -> DeliveryReceipt:
            raise ZeroDivisionError("nobody thought of this")

    broken, other = owed("one", channel="broken"), owed("two", key="k2")
    channels = {"broken": Broken(), "website": FakeChannel()}

    async def scene() -> None:
        async with Loop(clients, channels).runs():
            await until(lambda: statuses(clients, other) == [SENT])
            await until(lambda: "nobody thought of this" in caplog.text)
            await until(lambda: [one.attempts for one in soon(clients)] == [1])

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert statuses(clients, broken) == [QUEUED]


def test_a_disk_that_is_full_for_a_while_sends_nothing_twice(clients, owed, until, caplog):
    conversation, channel = owed("one"), FakeChannel()
    left = {"due": 3, "claim": 3, "record": 3}

    def full(name: str) -> Any:
        def happens() -> None:
            left[name] -= 1
            if left[name] >= 0:
                raise StoreError("the disk is full")

        return happens

    async def scene() -> None:
        async with Loop(clients, {"website": channel}, **{name: full(name) for name in left}).runs():
            await until(lambda: statuses(clients, conversation) == [SENT])

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert texts(channel) == ["one"]
    assert caplog.text.count("the disk is full") == 9


def test_stopping_finishes_what_is_being_sent_and_begins_nothing_new(clients, owed, until):
    conversation = owed("one", "two")

    async def scene() -> None:
        channel = Gated("k1")
        loop = Loop(clients, {"website": channel})
        async with loop.runs():
            await until(lambda: channel.tried == ["one"])
            loop.stop.set()
            channel.gate.set()
        assert texts(channel) == ["one"]

    asyncio.run(scene())
    assert statuses(clients, conversation) == [SENT, QUEUED]


def test_stopping_does_not_wait_for_a_provider_that_never_answers(clients, owed, until):
    conversation = owed("one")

    async def scene() -> None:
        channel = Gated("k1")
        async with Loop(clients, {"website": channel}).runs():
            await until(lambda: channel.tried == ["one"])

    asyncio.run(scene())
    assert statuses(clients, conversation) == [QUEUED]
