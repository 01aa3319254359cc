"""The hosts of a crawl as one sees them from outside: asked in turns, by their own rules."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from custagent.core.document import RawContent
from custagent.core.errors import FetchError
from custagent.knowledge.fetch import Fetched, Fetcher, Hop
from custagent.knowledge.pace import Pace
from custagent.knowledge.robots import Robots, fetch_robots
from custagent.knowledge.url import origin

_ASKED_TO_WAIT = (429, 503)


class Site:
    """Fetches politely: robots.txt once for each origin, a pace for each (SRC-2)."""

    def __init__(
        self, fetcher: Fetcher, *, width: int, sleep: Callable[[float], Awaitable[None]], now: Callable[[], float]
    ) -> None:
        self._fetcher = fetcher
        self._width = width
        self._sleep = sleep
        self._now = now
        self._robots: dict[str, Robots] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._paces: dict[str, Pace] = {}

    def check(self, url: str) -> None:
        """Judge an address as it is written. Raises AddressRefused."""
        self._fetcher.check(url)

    async def robots(self, url: str) -> Robots:
        """The rules that hold for `url`, fetched once."""
        place = origin(url)
        async with self._locks[place]:
            if place not in self._robots:
                robots = await fetch_robots(place, self._load)
                self._robots[place] = robots
                self._paces[place] = Pace(
                    width=self._width, delay=robots.crawl_delay or 0.0, sleep=self._sleep, now=self._now
                )
            return self._robots[place]

    async def hop(self, url: str, *, etag: str, last_modified: str) -> Hop:
        """What `url` answers, when it is its turn. Raises FetchError."""
        await self.robots(url)
        pace = self._paces[origin(url)]
        async with pace.turn():
            try:
                hop = await self._fetcher.hop(url, etag=etag, last_modified=last_modified)
            except FetchError as exc:
                if exc.status in _ASKED_TO_WAIT:
                    pace.slow_down()
                raise
            if isinstance(hop, Fetched) and hop.throttled:
                pace.slow_down()
            return hop

    async def load(self, url: str) -> RawContent:
        """The file at `url`, through redirects, when it is its turn. Raises FetchError."""
        await self.robots(url)
        async with self._paces[origin(url)].turn():
            return await self._load(url)

    async def _load(self, url: str) -> RawContent:
        found = await self._fetcher.fetch(url)
        if not isinstance(found, Fetched):
            raise FetchError(f"{url} answered that it has not changed, although we had not asked for that.")
        return found.raw
