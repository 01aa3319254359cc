"""How fast one host is asked: so many requests at a time, a pause between them where the site wants one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

#: The longest pause that we keep, in seconds: a longer Crawl-delay would make a sync last for days.
LONGEST_DELAY = 30.0
#: The first pause after a server has asked us to slow down; each further time doubles it up to the longest.
_FIRST_DELAY = 0.5
_LONGEST_SLOWDOWN = 10.0


class Pace:
    """The turns of one host. `sleep` and `now` (seconds) are there for tests."""

    def __init__(
        self,
        *,
        width: int,
        delay: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.delay = min(delay, LONGEST_DELAY)
        self._gate = asyncio.Semaphore(width)
        self._order = asyncio.Lock()
        self._next = 0.0
        self._sleep = sleep
        self._now = now

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Holds a request back until the host may be asked again."""
        async with self._gate:
            async with self._order:
                wait = self._next - self._now()
                if wait > 0:
                    await self._sleep(wait)
                self._next = self._now() + self.delay
            yield

    def slow_down(self) -> None:
        """The host has asked us to come less often."""
        slower = min(max(self.delay * 2, _FIRST_DELAY), _LONGEST_SLOWDOWN)
        self.delay = max(self.delay, slower)
        self._next = max(self._next, self._now() + self.delay)
