"""Delivery: takes what is due from the outbox, hands it to its channel, and notes what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from custagent.core.errors import ChannelError, CustagentError, LeaseHeld, StoreError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import ChannelAdapter, Clock, Outbox
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)

#: Tries before a reply becomes a dead letter: with the back-off below, about an hour and a half.
MOST_ATTEMPTS = 16
#: Seconds after the first failure; doubled with each, up to the longest.
FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 900.0
#: Replies under way at a time.
AT_ONCE = 20
#: Seconds between looks into the outbox when nobody wakes the loop: replies of other processes wait no longer.
POLL = 1.0
#: Seconds that replies which are being sent may take when the runner stops.
FINISH = 8.0


def back_off(attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after so many failures before this one: exponential, spread by up to a half so that retries do
    not gather.
    """
    longest = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(attempts, 20))
    return timedelta(seconds=longest * (0.75 + chance() / 2))


class Delivery:
    """The delivery loop of a runner."""

    def __init__(
        self,
        outbox: Outbox,
        adapters: Callable[[], Mapping[str, ChannelAdapter]],
        clock: Clock,
        *,
        fence: int,
        check: Callable[[], None],
        poll: float = POLL,
        finish: float = FINISH,
    ) -> None:
        """`check` raises LeaseHeld when another runner has taken over: asked right before each sending."""
        self._outbox = outbox
        self._adapters = adapters
        self._clock = clock
        self._fence = fence
        self._check = check
        self._poll = poll
        self._finish = finish
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        #: By conversation: what is being sent.
        self._busy: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is under way then is finished. Raises LeaseHeld."""
        self._stop = stop
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                for outbound in await self._due():
                    self._busy[outbound.message.conversation] = tasks.create_task(self._work(outbound))
                await wait_for_any(self._wake, stop, seconds=self._poll)
            if self._busy:
                _, late = await asyncio.wait(self._busy.values(), timeout=self._finish)
                for task in late:
                    task.cancel()

    async def _due(self) -> Sequence[OutboundMessage]:
        room, busy = AT_ONCE - len(self._busy), set(self._busy)
        try:
            return await asyncio.to_thread(self._outbox.due, self._clock.now(), limit=room, busy=busy)
        except StoreError as error:
            _log.error("nothing can be delivered for the moment: %s", error.message)
            return ()

    async def _work(self, outbound: OutboundMessage) -> None:
        try:
            await self._deliver(outbound)
            self._wake.set()
        except LeaseHeld:
            # Another runner has taken over; it sends what is left.
            raise
        except CustagentError as error:
            # It still waits in the outbox, or is not there any more; the next look, a moment later, tells.
            _log.error("message %s is left for later: %s", outbound.message.id, error.message)
        finally:
            self._busy.pop(outbound.message.conversation, None)

    async def _deliver(self, outbound: OutboundMessage) -> None:
        adapter = self._adapters().get(outbound.channel)
        if adapter is None:
            await self._give_up(outbound, f"the channel {outbound.channel!r} does not exist any more")
            return
        if not await asyncio.to_thread(self._may_go, outbound):
            return
        try:
            receipt = await adapter.send(outbound)
        except ChannelError as error:
            await self._failed(outbound, error.message)
        except Exception as error:  # noqa: BLE001 - see below
            # The task's boundary: one channel's fault must not stop the others.
            _log.exception("message %s could not be sent on %s", outbound.message.id, outbound.channel)
            await self._failed(outbound, f"a fault of this program: {type(error).__name__}")
        else:
            await self._record(outbound, receipt)

    def _may_go(self, outbound: OutboundMessage) -> bool:
        """Asked right before sending: a person, or another runner, may have taken over."""
        self._check()
        return self._outbox.waits(outbound.id)

    async def _failed(self, outbound: OutboundMessage, reason: str) -> None:
        if outbound.attempts + 1 >= MOST_ATTEMPTS:
            await self._give_up(outbound, reason)
            return
        again = self._clock.now() + back_off(outbound.attempts)
        await self._note(partial(self._outbox.retry, outbound.id, reason, again, fence=self._fence))

    async def _give_up(self, outbound: OutboundMessage, reason: str) -> None:
        await self._record(outbound, DeliveryReceipt(status=DeliveryStatus.FAILED, error=reason))
        _log.error("message %s could not be delivered on %s: %s", outbound.message.id, outbound.channel, reason)

    async def _record(self, outbound: OutboundMessage, receipt: DeliveryReceipt) -> None:
        await self._note(partial(self._outbox.record, outbound.id, receipt, self._clock.now(), fence=self._fence))

    async def _note(self, write: Callable[[], None]) -> None:
        """Write down what became of a reply. While the disk is full it waits, rather than send the reply again."""
        while True:
            try:
                return await asyncio.to_thread(write)
            except LeaseHeld:
                raise
            except StoreError as error:
                if self._stop.is_set():
                    raise
                _log.error("what became of a reply cannot be written down for the moment: %s", error.message)
            await wait_for_any(self._stop, seconds=self._poll)
