"""Which messages may come in: no more than can be answered in a sensible time (R14).

What was acknowledged is never given up, so what cannot be dealt with soon is better not acknowledged: whoever sends it is
told when to try again. Channels are told apart, for each has its own pace.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from custagent.core.errors import Overloaded, StoreError
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)

#: Seconds that a message may have to wait for its turn.
LONGEST_WAIT = 30.0
#: So many conversations may wait, however slow it goes.
LEAST = 50
#: Messages on their way to the disk, of all channels: more means that the disk does not keep up.
MOST_BEING_WRITTEN = 1_000
#: Seconds between counts of what waits.
COUNTED_EVERY = 1.0
#: Seconds between lines about what was refused.
TOLD_EVERY = 10.0
#: Turns a second, until it is known better.
_FIRST_PACE = 20.0
#: How much a new measure of the pace counts against what was known.
_NEW = 0.2
#: The shortest and longest time that anybody is asked to wait, in seconds.
_SHORTEST_RETRY, _LONGEST_RETRY = 5, 60


@dataclass(slots=True)
class _Queue:
    """What waits on one channel."""

    #: Conversations: counted, and since then those that came and went.
    waiting: int = 0
    #: Turns a second, while something waited.
    pace: float = _FIRST_PACE
    #: Turns since the last count.
    done: int = 0
    #: Whether something waited at the last count.
    waited: bool = False
    #: Messages that were refused and not yet told of.
    refused: int = 0

    @property
    def most(self) -> float:
        return max(LEAST, LONGEST_WAIT * self.pace)


class Admission:
    """Decides by what waits and by how fast it goes. Belongs to one event loop."""

    def __init__(
        self,
        count: Callable[[], Mapping[str, int]],
        *,
        every: float = COUNTED_EVERY,
        most_being_written: int = MOST_BEING_WRITTEN,
    ) -> None:
        """`count` tells how many of the agents' conversations wait, by channel; it is called in a thread."""
        self._count = count
        self._every = every
        self._most_being_written = most_being_written
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._being_written = 0
        self._told_at = -math.inf

    def is_full(self, channel: str) -> bool:
        """Whether one more message for the channel's agent would wait too long."""
        queue = self._queues.get(channel)
        return queue is not None and queue.waiting >= queue.most

    def refusal(self, channel: str) -> Overloaded:
        """What whoever sends a message to a full channel is told."""
        queue = self._queues[channel]
        queue.refused += 1
        after = math.ceil((queue.waiting - queue.most) / max(queue.pace, 0.1))
        return Overloaded(
            f"More waits on {channel} than can be answered soon: {queue.waiting} conversations,"
            f" of which {queue.pace:.1f} are answered a second.",
            hint="It gets through by itself. `custagent status` shows what waits.",
            retry_after=min(max(after, _SHORTEST_RETRY), _LONGEST_RETRY),
        )

    def begin_writing(self, messages: int) -> None:
        """So many messages go to the disk; `end_writing` follows. Raises Overloaded when too many do already."""
        if self._being_written >= self._most_being_written:
            raise Overloaded(
                f"The disk does not keep up: {self._being_written} messages wait to be written down.",
                hint="If it stays so, look at what else writes to that disk.",
                retry_after=_SHORTEST_RETRY,
            )
        self._being_written += messages

    def end_writing(self, messages: int) -> None:
        """They are there, or will never be."""
        self._being_written -= messages

    def came(self, channel: str) -> None:
        """A message for the channel's agent was written down."""
        self._queues[channel].waiting += 1

    def answered(self, channel: str) -> None:
        """A turn was made on the channel."""
        queue = self._queues[channel]
        queue.waiting = max(0, queue.waiting - 1)
        queue.done += 1

    def counted(self, waiting: Mapping[str, int], seconds: float) -> None:
        """What waits now, so many seconds after the last count."""
        self._tell()
        for channel in waiting.keys() - self._queues.keys():
            self._queues[channel] = _Queue()
        for channel, queue in list(self._queues.items()):
            number = waiting.get(channel, 0)
            if not number and not queue.refused:
                # What was known of its pace may be old by the time that it is asked for.
                del self._queues[channel]
                continue
            if queue.waited:
                # While nothing waits, the pace is that of the contacts.
                queue.pace += _NEW * (queue.done / seconds - queue.pace)
            queue.waiting, queue.done, queue.waited = number, 0, number > 0

    def _tell(self) -> None:
        """Of what was refused: a line now and then, for there may be hundreds a second."""
        now = time.monotonic()
        if now - self._told_at < TOLD_EVERY:
            return
        for channel, queue in self._queues.items():
            if queue.refused:
                self._told_at = now
                _log.warning(
                    "%s: %s messages were refused, to be sent again: %s conversations wait, %.1f are answered a second",
                    *(channel, queue.refused, queue.waiting, queue.pace),
                )
                queue.refused = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Count again and again until `stop` is set."""
        last = time.monotonic()
        pause = self._every
        while not stop.is_set():
            await wait_for_any(stop, seconds=pause)
            begun = time.monotonic()
            try:
                waiting = await asyncio.to_thread(self._count)
            except StoreError as error:
                _log.error("what waits cannot be counted for the moment: %s", error.message)
                continue
            now = time.monotonic()
            self.counted(waiting, now - last)
            # Counting must not become the work.
            last, pause = now, max(self._every, 20 * (now - begun))
