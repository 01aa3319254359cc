"""Which channels are out: while one is, one reply at a time tries it, with growing pauses, and the others wait.

What they wait for stands in the outbox; that they may not even be tried is remembered here alone. After a restart the
first failure tells it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

#: Seconds of the first pause; doubled with each try in vain, up to the longest. A try a minute is hard on no provider,
#: and whoever mended the account sees the replies go out while they watch.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class _Outage:
    #: Tries in vain, in a row.
    tries: int
    #: When the next one may be made, in seconds of the monotonic clock.
    rests_until: float
    #: Until when the outbox holds what waits, by the wall clock.
    held_until: datetime


class Outages:
    """The channels that are out. Goes by a clock that cannot be set."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._out: dict[str, _Outage] = {}

    def resting(self) -> Collection[str]:
        """The channels that must not be tried now."""
        now = self._monotonic()
        return {channel for channel, outage in self._out.items() if outage.rests_until > now}

    def held_until(self, channel: str) -> datetime | None:
        """Until when the outbox holds what waits, while the channel must not be tried; None when it may be."""
        outage = self._out.get(channel)
        return outage.held_until if outage and outage.rests_until > self._monotonic() else None

    def is_out(self, channel: str) -> bool:
        """Whether only one reply at a time may try the channel."""
        return channel in self._out

    def pause(self, channel: str, retry_after: float, chance: Callable[[], float]) -> float:
        """Seconds until the next try, after one more in vain: what the provider asks for, or longer.

        `chance` gives 0.0 to 1.0 and spreads the pause by a quarter.
        """
        before = self._out.get(channel)
        tries = before.tries if before else 0
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 20))
        return max(retry_after, longest * (0.75 + chance() / 4))

    def failed(self, channel: str, pause: float, held_until: datetime) -> None:
        """The channel is out, and rests for so many seconds."""
        before = self._out.get(channel)
        self._out[channel] = _Outage(
            tries=before.tries + 1 if before else 1,
            rests_until=self._monotonic() + pause,
            held_until=held_until,
        )

    def works(self, channel: str) -> datetime | None:
        """The channel took something: until when the outbox held what waits; None when it was not out."""
        outage = self._out.pop(channel, None)
        return outage.held_until if outage else None
