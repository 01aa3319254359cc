"""Delivery: takes what is due from the outbox, hands it to its channel, and notes what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from datetime import timedelta

from custagent.core.errors import ChannelError, LeaseHeld
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import ChannelAdapter, Clock, Outbox

_log = logging.getLogger(__name__)

#: Tries before a reply becomes a dead letter: with the back-off below, about an hour and a half.
MOST_ATTEMPTS = 12
#: Seconds after the first failure; doubled with each, up to the longest.
FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 900.0
#: Replies under way at a time.
AT_ONCE = 20
#: Seconds between looks into the outbox when nobody wakes the loop: replies of other processes wait no longer.
POLL = 1.0


def back_off(attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after so many failures: exponential, spread by up to a half so that retries do not gather."""
    longest = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(attempts, 20))
    return timedelta(seconds=longest * (0.75 + chance() / 2))


class Delivery:
    """The delivery loop of a runner."""

    def __init__(
        self, outbox: Outbox, adapters: Callable[[], Mapping[str, ChannelAdapter]], clock: Clock, *, fence: int
    ) -> None:
        self._outbox = outbox
        self._adapters = adapters
        self._clock = clock
        self._fence = fence
        self._wake = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is under way then is finished."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                room = AT_ONCE - len(self._busy)
                due = await asyncio.to_thread(self._outbox.due, self._clock.now(), limit=room, busy=set(self._busy))
                for outbound in due:
                    self._busy.add(outbound.message.conversation)
                    tasks.create_task(self._deliver(outbound))
                await wait_for_any(self._wake, stop, seconds=POLL)

    async def _deliver(self, outbound: OutboundMessage) -> None:
        try:
            if not await asyncio.to_thread(self._outbox.waits, outbound.id):
                return
            adapter = self._adapters().get(outbound.channel)
            if adapter is None:
                await self._failed(outbound, f"the channel {outbound.channel!r} does not exist any more", final=True)
                return
            try:
                receipt = await adapter.send(outbound)
            except ChannelError as error:
                await self._failed(outbound, error.message, final=outbound.attempts + 1 >= MOST_ATTEMPTS)
                return
            await asyncio.to_thread(self._outbox.record, outbound.id, receipt, self._clock.now(), fence=self._fence)
        except LeaseHeld:
            # Another runner has taken over; it sends what is left.
            _log.warning("the lease is lost: message %s is left to the other runner", outbound.message.id)
        finally:
            self._busy.discard(outbound.message.conversation)
            self._wake.set()

    async def _failed(self, outbound: OutboundMessage, reason: str, *, final: bool) -> None:
        now = self._clock.now()
        if final:
            receipt = DeliveryReceipt(status=DeliveryStatus.FAILED, error=reason)
            await asyncio.to_thread(self._outbox.record, outbound.id, receipt, now, fence=self._fence)
            _log.error("message %s could not be delivered on %s: %s", outbound.message.id, outbound.channel, reason)
            return
        again = now + back_off(outbound.attempts)
        await asyncio.to_thread(self._outbox.retry, outbound.id, reason, again, fence=self._fence)


async def wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    """Until one of the events is set, at most so many seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
