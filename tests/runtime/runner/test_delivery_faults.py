"""What a failed sending says about others: channels that are out, contacts to slow down for, replies that never arrive."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from custagent.core.conversation import Charge
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, OutboundMessage
from custagent.runtime.runner.delivery import AT_ONCE, GIVEN_UP_AFTER, MOST_ATTEMPTS, Delivery
from custagent.runtime.runner.outages import LONGEST_PAUSE
from custagent.testing import FakeChannel

CHARGE = Charge(amount=100, policy="conversation")
QUEUED, SENT, FAILED = DeliveryStatus.QUEUED, DeliveryStatus.SENT, DeliveryStatus.FAILED


class Provider(FakeChannel):
    """A provider that answers each sending as `answer(outbound)` says: an error to raise, or None to take it."""

    def __init__(self, answer: Callable[[OutboundMessage], ChannelError | None]) -> None:
        super().__init__()
        self.answer = answer
        self.tried: list[str] = []
        #: How many were under way at the same time, at the most.
        self.most_at_once = 0
        self._under_way = 0

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        self.tried.append(outbound.message.text)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        await asyncio.sleep(0)
        self._under_way -= 1
        error = self.answer(outbound)
        if error is not None:
            raise error
        return await super().send(outbound)


class Hanging(FakeChannel):
    async def send(self, _: OutboundMessage) -> DeliveryReceipt:
        await asyncio.Event().wait()
        raise AssertionError


def out(_: OutboundMessage) -> ChannelError:
    return ChannelError("the provider is away", fault=SendFault.CHANNEL_OUT)


@asynccontextmanager
async def delivering(clients, adapters: Mapping[str, FakeChannel], **options) -> AsyncIterator[Delivery]:
    """A delivery loop whose monotonic clock goes with the clock of the test."""
    stop, start = asyncio.Event(), clients.clock.now()

    def monotonic() -> float:
        return float((clients.clock.now() - start).total_seconds())

    delivery = Delivery(
        clients.store.outbox, lambda: adapters, clients.clock, fence=0, check=lambda: None,
        **{"monotonic": monotonic, "poll": 0.01, "finish": 0.2, **options},
    )  # fmt: skip
    task = asyncio.create_task(delivery.run(stop))
    try:
        yield delivery
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await task


@pytest.fixture
def owed(clients):
    def make(text: str, *, key: str = "", channel: str = "website", charge: Charge | None = None) -> str:
        begun = clients.write(key=key or text, channel=channel)
        clients.commit(begun.conversation.id, MessageKind.ANSWER, text=text, charge=charge)
        return begun.conversation.id

    return make


def state(clients) -> Counter[DeliveryStatus]:
    counted: Counter[DeliveryStatus] = Counter()
    for (_, status), count in clients.store.totals.deliveries().items():
        counted[status] += count
    return counted


def attempts(clients) -> list[int]:
    return [one.attempts for one in clients.store.undelivered.list(clients.clock.now())]


@pytest.fixture
def settled(clients, until):
    """Waits until nothing is under way, and nothing is due that may be tried."""

    async def wait(delivery: Delivery) -> None:
        def quiet() -> bool:
            resting = delivery._outages.resting()
            due = clients.store.outbox.due(clients.clock.now(), limit=1, resting=resting)
            return not delivery._busy and not due

        await until(quiet)

    return wait


def test_while_a_channel_is_out_one_reply_at_a_time_tries_it(clients, owed, until, settled):
    for number in range(3 * AT_ONCE):
        owed(f"{number:02}")
    provider = Provider(out)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)
            # What was under way beside the first failure was tried as well, and nothing else.
            first_wave = len(provider.tried)
            assert first_wave <= AT_ONCE
            provider.most_at_once = 0
            for probes in range(1, 9):
                clients.clock.advance(seconds=LONGEST_PAUSE)
                await until(lambda probes=probes: len(provider.tried) == first_wave + probes)
                await settled(delivery)
                assert len(provider.tried) == first_wave + probes
            assert provider.most_at_once == 1
            assert attempts(clients) == [0] * 3 * AT_ONCE
            # It works again: everything goes out at once, without another pause.
            provider.answer = lambda _: None
            clients.clock.advance(seconds=LONGEST_PAUSE)
            await until(lambda: state(clients) == {SENT: 3 * AT_ONCE})

    asyncio.run(scene())
    assert len(provider.sent) == 3 * AT_ONCE


def test_the_list_says_why_and_until_when_all_of_them_wait(clients, owed, until, settled):
    for number in range(3):
        owed(str(number))

    async def scene() -> None:
        provider = Provider(out)
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)

    asyncio.run(scene())
    listed = clients.store.undelivered.list(clients.clock.now())
    assert {(one.state.value, one.error) for one in listed} == {("put-off", "the provider is away")}
    (until_when,) = {one.next_at for one in listed}
    assert timedelta() < until_when - clients.clock.now() <= timedelta(seconds=1)


def test_other_channels_go_on(clients, owed, until):
    for number in range(AT_ONCE + 5):
        owed(f"a{number}")
        owed(f"b{number}", channel="other")
    other = FakeChannel()

    async def scene() -> None:
        async with delivering(clients, {"website": Provider(out), "other": other}):
            await until(lambda: len(other.sent) == AT_ONCE + 5)

    asyncio.run(scene())


def test_a_channel_that_hangs_takes_no_places_of_another(clients, owed, until):
    for number in range(5 * AT_ONCE):
        owed(f"a{number}", channel="hanging")
    owed("b")
    channel = FakeChannel()

    async def scene() -> None:
        async with delivering(clients, {"hanging": Hanging(), "website": channel}):
            await until(lambda: len(channel.sent) == 1)

    asyncio.run(scene())


def test_a_sending_that_never_ends_is_given_up_and_tried_again(clients, owed, until):
    owed("one")

    async def scene() -> None:
        async with delivering(clients, {"website": Hanging()}, patience=0.02):
            await until(lambda: attempts(clients) == [1])

    asyncio.run(scene())
    (one,) = clients.store.undelivered.list(clients.clock.now())
    assert one.error == "website did not answer in time"


def test_slow_down_delays_the_channel_for_as_long_as_the_provider_asks(clients, owed, until, settled):
    owed("one")
    errors = iter([ChannelError("too many", fault=SendFault.SLOW_CHANNEL, retry_after=300)])
    provider = Provider(lambda _: next(errors, None))

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried == ["one"])
            await settled(delivery)
            await asyncio.to_thread(owed, "two")
            clients.clock.advance(seconds=299)
            await settled(delivery)
            assert provider.tried == ["one"]
            clients.clock.advance(seconds=1)
            await until(lambda: state(clients) == {SENT: 2})

    asyncio.run(scene())


def test_slow_down_for_one_contact_delays_nobody_else(clients, owed, until, settled):
    owed("one", key="k1")
    errors = iter([ChannelError("too many to you", fault=SendFault.SLOW_CONTACT, retry_after=6)])
    provider = Provider(lambda outbound: next(errors, None) if outbound.contact_key == "k1" else None)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: attempts(clients) == [1])
            await asyncio.to_thread(owed, "two", key="k2")
            await until(lambda: provider.tried == ["one", "two"])
            clients.clock.advance(seconds=5.9)
            await settled(delivery)
            assert provider.tried == ["one", "two"]
            clients.clock.advance(seconds=0.1)
            await until(lambda: state(clients) == {SENT: 2})

    asyncio.run(scene())


@pytest.mark.parametrize("fault", [SendFault.PERMANENT, SendFault.WINDOW_CLOSED])
def test_what_can_never_arrive_is_a_dead_letter_at_once_and_concerns_nobody_else(clients, owed, until, fault):
    owed("never", charge=CHARGE)
    owed("other")

    def answer(outbound: OutboundMessage) -> ChannelError | None:
        return ChannelError("no such number", fault=fault) if outbound.message.text == "never" else None

    provider = Provider(answer)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}):
            await until(lambda: state(clients) == {FAILED: 1, SENT: 1})

    asyncio.run(scene())
    assert sorted(provider.tried) == ["never", "other"]
    assert [entry.amount for entry in clients.store.ledger.entries()] == [-100, 100]


def test_a_refusal_that_is_final_shows_that_the_channel_works_again(clients, owed, until, settled):
    owed("never")
    owed("other")
    provider = Provider(out)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)
            provider.answer = lambda outbound: (
                ChannelError("no such number", fault=SendFault.PERMANENT) if outbound.message.text == "never" else None
            )
            clients.clock.advance(seconds=1)
            await until(lambda: state(clients) == {FAILED: 1, SENT: 1})

    asyncio.run(scene())


def test_a_reply_that_fails_by_itself_does_not_keep_a_channel_out(clients, owed, until, settled):
    """The oldest reply is the first to try. If the fault is its own, the next pause is another one's turn."""
    owed("poison")
    owed("good")
    provider = Provider(out)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)
            provider.answer = lambda outbound: ChannelError("boom") if outbound.message.text == "poison" else None
            for _ in range(6):
                clients.clock.advance(seconds=2)
                await settled(delivery)
            assert state(clients) == {SENT: 1, QUEUED: 1}

    asyncio.run(scene())
    (left,) = clients.store.undelivered.list(clients.clock.now())
    assert left.error == "boom"
    assert 1 <= left.attempts < MOST_ATTEMPTS


def test_in_a_long_outage_what_came_too_late_is_given_up_exactly_at_its_time(clients, owed, until, caplog, settled):
    owed("old", charge=CHARGE)
    clients.clock.advance(hours=1)
    owed("young")
    provider = Provider(out)

    async def scene() -> None:
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)
            clients.clock.advance(seconds=(GIVEN_UP_AFTER - timedelta(hours=1)).total_seconds() - 0.001)
            await settled(delivery)
            assert state(clients) == {QUEUED: 2}
            clients.clock.advance(seconds=LONGEST_PAUSE)
            await until(lambda: state(clients) == {QUEUED: 1, FAILED: 1})

    with caplog.at_level(logging.WARNING):
        asyncio.run(scene())
    (letter,) = clients.store.outbox.dead_letters()
    assert (letter.outbound.message.text, letter.error) == ("old", "the provider is away")
    assert [entry.amount for entry in clients.store.ledger.entries()] == [-100, 100]
    assert "could not be delivered on website in its time" in caplog.text
    assert caplog.text.count("the channel website is out") == 1


def test_a_reply_that_is_two_days_old_is_tried_once_and_then_given_up(clients, owed, until):
    owed("one")
    clients.clock.advance(days=2)
    provider = Provider(lambda _: ChannelError("busy"))

    async def scene() -> None:
        async with delivering(clients, {"website": provider}):
            await until(lambda: state(clients) == {FAILED: 1})

    asyncio.run(scene())
    assert provider.tried == ["one"]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_set_in_an_outage_gives_nothing_up_and_stops_nothing(clients, owed, until, days, settled):
    """R8: pauses go by a clock that cannot be set."""
    owed("one")
    provider = Provider(out)
    seconds = [0.0]

    async def scene() -> None:
        async with delivering(clients, {"website": provider}, monotonic=lambda: seconds[0]) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)
            clients.clock.advance(days=days)
            await settled(delivery)
            assert provider.tried == ["one"]
            seconds[0] += 1
            await until(lambda: len(provider.tried) == 2)
            await settled(delivery)
            assert state(clients) == {QUEUED: 1}
            provider.answer = lambda _: None
            seconds[0] += 2
            clients.clock.advance(seconds=2)
            await until(lambda: state(clients) == {SENT: 1})

    asyncio.run(scene())


def test_after_a_restart_what_was_held_still_waits_and_then_goes_out(clients, owed, until, settled):
    for number in range(3):
        owed(str(number))

    async def before() -> None:
        provider = Provider(out)
        async with delivering(clients, {"website": provider}) as delivery:
            await until(lambda: provider.tried)
            await settled(delivery)

    async def after() -> None:
        provider = Provider(lambda _: None)
        async with delivering(clients, {"website": provider}) as delivery:
            await settled(delivery)
            assert provider.tried == []
            clients.clock.advance(seconds=1)
            await until(lambda: state(clients) == {SENT: 3})

    asyncio.run(before())
    asyncio.run(after())


def test_what_people_put_back_goes_out_beside_a_running_runner(clients, owed, until):
    owed("one", charge=CHARGE)
    errors = iter([ChannelError("blocked", fault=SendFault.PERMANENT)])
    provider = Provider(lambda _: next(errors, None))

    async def scene() -> None:
        async with delivering(clients, {"website": provider}):
            await until(lambda: state(clients) == {FAILED: 1})
            (letter,) = clients.store.outbox.dead_letters()
            await asyncio.to_thread(
                clients.store.undelivered.retry, letter.outbound.id, clients.clock.now(), charge=CHARGE
            )
            await until(lambda: state(clients) == {SENT: 1})

    asyncio.run(scene())
    assert [entry.amount for entry in clients.store.ledger.entries()] == [-100, 100, -100]
