"""Delivery: takes what is due from the outbox, hands it to its channel, and notes what became of it.

A reply that cannot go out is tried again, later each time. What its failure says about others decides who waits with it
(`SendFault`): nobody, all that waits for the same contact, or the whole channel. Replies that became too old to be of
use, or that were tried too often, are given up: people see them and can put them back (`custagent outbox`).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from custagent.channels.http import LAST_LOOK
from custagent.core.errors import ChannelError, CustagentError, LeaseHeld, SendFault, StoreError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import ChannelAdapter, Clock, Outbox
from custagent.runtime.log import fields
from custagent.runtime.runner.channel_states import ChannelStates
from custagent.runtime.runner.outages import Outages
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)
Result = TypeVar("Result")

#: Tries before a reply becomes a dead letter: with the back-off below, about an hour and a half.
MOST_ATTEMPTS = 16
#: Seconds after the first failure; doubled with each, up to the longest.
FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 900.0
#: How long after it was written a reply that fails is tried again, whatever the cause: longer than any jump of a clock
#: that the promises speak of (R8), so that a jump alone gives nothing up.
GIVEN_UP_AFTER = timedelta(hours=48)
#: Replies under way at a time, by channel: one that hangs takes no places of another.
AT_ONCE = 10
#: Seconds that one sending may take. Adapters have shorter patience of their own; this is for what they forgot.
PATIENCE = 60.0
#: How long nobody else sends a reply that is being sent: longer than any sending takes.
CLAIM = timedelta(seconds=2 * PATIENCE)
#: How long the next runner leaves alone what this one was sending when it ended: the provider's word on it may come, and
#: it comes late where the provider first waited for an answer of the one that had stopped.
NEWS = timedelta(seconds=10)
#: Seconds between the question whether a reply may go and its going after which the question is asked again.
HESITATION = 1.0
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
        patience: float = PATIENCE,
        monotonic: Callable[[], float] = time.monotonic,
        states: ChannelStates | None = None,
        name_of: Callable[[str], str] = str,
        given_up: Callable[[OutboundMessage], None] | None = None,
    ) -> None:
        """`states` hears how it goes; `name_of` tells what contacts call a user; `given_up` hears
        of what can never arrive.

        `check` raises LeaseHeld when another runner has taken over: asked right before each sending.
        """
        self._outbox = outbox
        self._adapters = adapters
        self._clock = clock
        self._fence = fence
        self._check = check
        self._poll = poll
        self._finish = finish
        self._patience = patience
        self._monotonic = monotonic
        self._outages = Outages(monotonic)
        self._states = states
        self._name_of = name_of
        self._given_up = given_up
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        #: By conversation: what is being sent.
        self._busy: dict[str, asyncio.Task[None]] = {}
        #: How many of these there are, by channel.
        self._under_way: Counter[str] = Counter()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is under way then is finished. Raises LeaseHeld."""
        self._stop = stop
        async with asyncio.TaskGroup() as tasks:
            await self._take_over()
            while not stop.is_set():
                self._wake.clear()
                while await self._begin(tasks):
                    pass  # a channel was full before the others had their turn: look again without it
                await wait_for_any(self._wake, stop, seconds=self._poll)
            if self._busy:
                _, late = await asyncio.wait(self._busy.values(), timeout=self._finish)
                for task in late:
                    task.cancel()

    async def _take_over(self) -> None:
        """A reply that was being sent when the runner before ended may have arrived: ask nobody to read it twice."""
        try:
            count = await self._note(partial(self._outbox.take_over, self._clock.now() + NEWS, fence=self._fence))
        except LeaseHeld:
            raise
        except StoreError:
            return  # it stops before the database could be asked; the next runner asks it
        if count:
            _log.warning("%s replies were being sent when the runner before ended; they wait for news of them", count)

    async def _begin(self, tasks: asyncio.TaskGroup) -> bool:
        """Begin to send what is due; whether something that was read has to wait until its channel has room."""
        left = False
        for outbound in await self._due():
            if self._outages.held_until(outbound.channel) is not None:
                continue  # it went out while the outbox was read
            if self._under_way[outbound.channel] >= self._room(outbound.channel):
                left = True
                continue
            self._under_way[outbound.channel] += 1
            self._busy[outbound.message.conversation] = tasks.create_task(self._work(outbound))
        return left

    def _room(self, channel: str) -> int:
        return 1 if self._outages.is_out(channel) else AT_ONCE

    async def _due(self) -> Sequence[OutboundMessage]:
        full = {channel for channel, count in self._under_way.items() if count >= self._room(channel)}
        resting, busy = full | set(self._outages.resting()), set(self._busy)
        try:
            return await asyncio.to_thread(
                self._outbox.due, self._clock.now(), limit=2 * AT_ONCE, busy=busy, resting=resting
            )
        except StoreError as error:
            _log.error("nothing can be delivered for the moment: %s", error.message)
            return ()

    async def _work(self, outbound: OutboundMessage) -> None:
        try:
            await self._deliver(outbound)
        except LeaseHeld:
            # Another runner has taken over; it sends what is left.
            raise
        except CustagentError as error:
            # It still waits in the outbox, or is not there any more; the next look, a moment later, tells.
            _log.error("message %s is left for later: %s", outbound.message.id, error.message)
        else:
            self._wake.set()
        finally:
            self._busy.pop(outbound.message.conversation, None)
            self._under_way[outbound.channel] -= 1

    async def _deliver(self, outbound: OutboundMessage) -> None:
        adapter = self._adapters().get(outbound.channel)
        if adapter is None:
            await self._give_up(outbound, f"the channel {outbound.channel!r} does not exist any more")
            return
        look_again = partial(self._look_again, self._monotonic())
        if not await asyncio.to_thread(self._may_go, outbound, adapter):
            return
        await look_again()
        # The task's own: nobody else sees it.
        LAST_LOOK.set(look_again)
        try:
            async with asyncio.timeout(self._patience):
                receipt = await adapter.send(self._signed(outbound))
        except LeaseHeld:
            # The last look told it: nothing was sent, and this process ends.
            raise
        except ChannelError as error:
            await self._failed(outbound, error)
        except TimeoutError:
            await self._failed(outbound, ChannelError(f"{outbound.channel} did not answer in time"))
        except Exception as error:  # noqa: BLE001 - see below
            # The task's boundary: one channel's fault must not stop the others.
            _log.exception("message %s could not be sent on %s", outbound.message.id, outbound.channel)
            await self._failed(outbound, ChannelError(f"a fault of this program: {type(error).__name__}"))
        else:
            await self._record(outbound, receipt)
            if receipt.external_id:
                # Without an id the provider was not asked: what it says of itself, it says by the next reply.
                await self._works(outbound.channel)

    async def _look_again(self, asked: float) -> None:
        """Raises LeaseHeld when another runner has taken over since it was `asked` for, by the monotonic clock."""
        if self._monotonic() - asked > HESITATION:
            # This process was stopped meanwhile, perhaps for so long that another one follows it.
            await asyncio.to_thread(self._check)

    def _signed(self, outbound: OutboundMessage) -> OutboundMessage:
        """With the name of the person who wrote it."""
        author = outbound.message.author
        return replace(outbound, author_name=self._name_of(author)) if author else outbound

    def _may_go(self, outbound: OutboundMessage, adapter: ChannelAdapter) -> bool:
        """Asked right before sending: a person, or another runner, may have taken over."""
        if adapter.idempotent:
            self._check()
            return self._outbox.waits(outbound.id)
        return self._outbox.claim(outbound.id, self._clock.now() + CLAIM, fence=self._fence)

    async def _failed(self, outbound: OutboundMessage, error: ChannelError) -> None:
        if error.fault.of_channel:
            await self._note(partial(self._outbox.unclaim, outbound.id, parts_sent=error.parts_sent, fence=self._fence))
            await self._channel_failed(outbound.channel, error)
            return
        if error.fault in (SendFault.SLOW_CONTACT, SendFault.PERMANENT):
            # Whatever it says of this one reply, the provider is there. (Of a closed window adapters know by themselves.)
            await self._works(outbound.channel)
        elif error.fault is SendFault.RETRY and self._states:
            await self._note(partial(self._states.doubt, outbound.channel, outbound.id, error.message))
        begin = self._clock.now()
        if error.fault is SendFault.RETRY and self._outages.is_out(outbound.channel):
            # It may be the reply's own fault, so that another one makes the next try; it may be the channel's still.
            begin = await self._channel_failed(outbound.channel, error)
        old = self._clock.now() - outbound.message.at >= GIVEN_UP_AFTER
        if error.fault.final or old or outbound.attempts + 1 >= MOST_ATTEMPTS:
            await self._give_up(outbound, error.message)
            if error.fault.final and self._given_up:
                await self._note(partial(self._given_up, outbound))
            return
        pause = max(back_off(outbound.attempts), timedelta(seconds=error.retry_after))
        retry = partial(
            self._outbox.retry,
            whole_contact=error.fault is SendFault.SLOW_CONTACT,
            parts_sent=error.parts_sent,
            fence=self._fence,
        )
        await self._note(partial(retry, outbound.id, error.message, begin + pause))

    async def _channel_failed(self, channel: str, error: ChannelError) -> datetime:
        """Let all that waits on the channel wait for the next try, which one reply makes; give up what is too old.

        When the next try is.
        """
        now = self._clock.now()
        until = self._outages.held_until(channel)
        if until is None:
            pause = self._outages.pause(channel, error.retry_after, random.random)
            until = now + timedelta(seconds=pause)
            if not self._outages.is_out(channel):
                _log.error("the channel %s is out, its replies wait: %s", channel, error.message)
            # Before the database is asked to wait too: what is due meanwhile must not run into the same wall.
            self._outages.failed(channel, pause, until)
            if self._states:
                await self._note(partial(self._states.failed, channel, error.message))
        # What was under way beside the first failure says nothing new of the channel, and waits with the others.
        await self._note(partial(self._outbox.hold, channel, error.message, until, fence=self._fence))
        given_up = await self._note(
            partial(self._outbox.expire, channel, now - GIVEN_UP_AFTER, error.message, now, fence=self._fence)
        )
        for message in given_up:
            _log.error("message %s could not be delivered on %s in its time: %s", message, channel, error.message)
        return until

    async def _works(self, channel: str) -> None:
        """The channel took something. If it had been out, what waits for it goes out now."""
        if self._states and self._states.is_noticed(channel):
            await self._note(partial(self._states.works, channel))
        held_until = self._outages.works(channel)
        if held_until is not None:
            _log.warning("the channel %s works again", channel)
            await self._note(partial(self._outbox.resume, channel, held_until, fence=self._fence))

    async def _give_up(self, outbound: OutboundMessage, reason: str) -> None:
        await self._record(outbound, DeliveryReceipt(status=DeliveryStatus.FAILED, error=reason))
        _log.error("message %s could not be delivered on %s: %s", outbound.message.id, outbound.channel, reason)

    async def _record(self, outbound: OutboundMessage, receipt: DeliveryReceipt) -> None:
        now = self._clock.now()
        await self._note(partial(self._outbox.record, outbound.id, receipt, now, fence=self._fence))
        _log.info(
            "delivered",
            extra=fields(
                conversation=outbound.message.conversation,
                message=outbound.id,
                channel=outbound.channel,
                status=receipt.status.value,
                attempts=outbound.attempts + 1,
                # Since it was written, waiting included.
                seconds=max(0.0, (now - outbound.message.at).total_seconds()),
            ),
        )

    async def _note(self, write: Callable[[], Result]) -> Result:
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
