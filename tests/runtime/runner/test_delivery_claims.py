"""A reply that is being sent is nobody else's, and what was being sent when a runner ended waits for news (R3, R4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from custagent.channels.http import LAST_LOOK
from custagent.core.errors import ChannelError, LeaseHeld, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, MessageKind, OutboundMessage
from custagent.runtime.runner.delivery import NEWS, Delivery
from custagent.testing import FakeChannel

SENT = DeliveryStatus.SENT


class Gated(FakeChannel):
    """Sends nothing before it may, and fails as often as it is told to."""

    def __init__(self, *, idempotent: bool = False, fault: ChannelError | None = None) -> None:
        super().__init__()
        self._idempotent = idempotent
        self.fault = fault
        self.tried = 0
        self.gate = asyncio.Event()

    @property
    def idempotent(self) -> bool:
        return self._idempotent

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        self.tried += 1
        await self.gate.wait()
        if self.fault:
            raise self.fault
        return await super().send(outbound)


@pytest.fixture
def owed(clients) -> int:
    """A reply that waits for sending."""
    begun = clients.write()
    clients.commit(begun.conversation.id, MessageKind.ANSWER)
    ((reply, _),) = clients.store.outbox.statuses(begun.conversation.id).items()
    return reply


@asynccontextmanager
async def delivering(clients, channel: FakeChannel, **options) -> AsyncIterator[None]:
    usual = {"fence": 0, "check": lambda: None, "poll": 0.01, "finish": 0.05}
    stop, outbox = asyncio.Event(), options.pop("outbox", clients.store.outbox)
    delivery = Delivery(outbox, lambda: {"website": channel}, clients.clock, **(usual | options))
    task = asyncio.create_task(delivery.run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await task


def due(clients, **later: float) -> list[int]:
    at = clients.clock.now() + timedelta(**later)
    return [one.id for one in clients.store.outbox.due(at, limit=9)]


@pytest.mark.parametrize("idempotent", [False, True])
def test_while_it_is_being_sent_it_is_not_due(clients, owed, until, idempotent):
    async def scene() -> None:
        channel = Gated(idempotent=idempotent)
        async with delivering(clients, channel):
            await until(lambda: channel.tried)
            # Where sending twice shows it once, nothing is written for it.
            assert due(clients, seconds=30) == ([owed] if idempotent else [])
            channel.gate.set()
            await until(lambda: channel.sent)

    asyncio.run(scene())


@pytest.fixture
def left(clients, owed, until) -> int:
    """A reply that was being sent when its runner ended."""

    async def scene() -> None:
        channel = Gated()
        async with delivering(clients, channel):
            await until(lambda: channel.tried)

    asyncio.run(scene())
    return owed


def test_what_was_being_sent_when_a_runner_ended_waits_for_news(clients, left, until, caplog):
    async def scene() -> None:
        channel = FakeChannel()
        async with delivering(clients, channel):
            await until(lambda: "1 replies were being sent when the runner before ended" in caplog.text)
            clients.clock.advance(seconds=NEWS.total_seconds() - 1)
            await asyncio.sleep(0.1)
            assert channel.sent == []
            # None came: it is sent.
            clients.clock.advance(seconds=1)
            await until(lambda: channel.sent)

    asyncio.run(scene())


def test_of_which_there_is_news_it_is_not_sent_again(clients, left, until):
    async def scene() -> None:
        channel = FakeChannel()
        async with delivering(clients, channel):
            receipt = DeliveryReceipt(status=SENT, external_id="w1")
            update = DeliveryUpdate(channel="website", receipt=receipt, outbound=left)
            clients.store.outbox.note_all_soon([update], clients.clock.now()).result()
            clients.clock.advance(hours=1)
            await asyncio.sleep(0.1)
        assert channel.sent == []

    asyncio.run(scene())


@pytest.mark.parametrize("fault", [SendFault.CHANNEL_OUT, SendFault.RETRY])
def test_what_certainly_was_not_sent_is_tried_again_soon(clients, owed, until, fault):
    async def scene() -> None:
        channel = Gated(fault=ChannelError("away", fault=fault))
        channel.gate.set()
        async with delivering(clients, channel):
            await until(lambda: channel.tried and due(clients, seconds=2) == [owed])

    asyncio.run(scene())


class Sleepy:
    """The outbox of a process that is stopped for a minute right after it has claimed a reply."""

    def __init__(self, outbox) -> None:
        self._outbox = outbox
        self.now = 0.0

    def __getattr__(self, name: str):
        return getattr(self._outbox, name)

    def claim(self, *given, **named) -> bool:
        self.now += 60
        claimed: bool = self._outbox.claim(*given, **named)
        return claimed


def test_one_that_was_stopped_between_the_question_and_the_sending_asks_again(clients, owed, until):
    """For as long as it was stopped, another runner may have followed it."""
    channel, outbox = FakeChannel(), Sleepy(clients.store.outbox)

    def followed() -> None:
        raise LeaseHeld("another runner took over")

    async def scene() -> None:
        with pytest.raises(ExceptionGroup) as caught:
            async with delivering(clients, channel, outbox=outbox, check=followed, monotonic=lambda: outbox.now):
                await until(lambda: outbox.now)
        assert caught.group_contains(LeaseHeld)

    asyncio.run(scene())
    assert outbox.now == 60
    assert channel.sent == []


def test_one_that_learns_at_the_last_look_that_it_was_followed_ends_without_a_complaint(clients, owed, until, caplog):
    """Right before the request goes out the channel looks once more; that is no fault of the channel."""
    outbox = Sleepy(clients.store.outbox)
    looks: list[bool] = []

    class Looking(FakeChannel):
        async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
            outbox.now += 60
            look = LAST_LOOK.get()
            assert look is not None
            await look()
            return await super().send(outbound)

    channel = Looking()

    def check() -> None:
        looks.append(True)
        if len(looks) > 1:
            raise LeaseHeld("another runner took over")

    async def scene() -> None:
        with pytest.raises(ExceptionGroup) as caught:
            async with delivering(clients, channel, outbox=outbox, check=check, monotonic=lambda: outbox.now):
                await until(lambda: len(looks) > 1)
        assert caught.group_contains(LeaseHeld)

    asyncio.run(scene())
    assert len(looks) == 2
    assert channel.sent == []
    assert caplog.records == []
