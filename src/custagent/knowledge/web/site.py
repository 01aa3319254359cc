"""The hosts of a crawl as one sees them from outside: asked in turns, by their own rules."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from custagent.core.document import RawContent
from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.crawl_events import Validators
from custagent.knowledge.web.fetch import MOST_REDIRECTS, Fetched, Fetcher, Hop, Media, Moved, redirects_too_often
from custagent.knowledge.web.pace import Pace
from custagent.knowledge.web.refresh import refresh_target
from custagent.knowledge.web.robots import Robots, fetch_robots
from custagent.knowledge.web.url import normal_url, origin

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
        """What `url` answers, when it is its turn; a page that sends its reader on has moved. Raises FetchError."""
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
        if isinstance(hop, Fetched) and (target := refresh_target(hop.raw)):
            return Moved(location=hop.raw.location, target=target, status=HTTPStatus.OK)
        return hop

    async def follow(self, start: str, known: Callable[[str], Validators]) -> tuple[str, Hop]:
        """The address where the redirects of `start` end, and what it answers: no Moved and no Media.

        The robots.txt of every host on the way is obeyed. `known` tells what is known of an address. Raises
        AddressRefused, FetchError.
        """
        # What cannot be normalised goes to the guard as it is, which says in words what is wrong with it.
        url = normal_url(start) or start
        chain: list[str] = []
        hop = await self._ask(url, known(url))
        while isinstance(hop, Moved):
            chain.append(url)
            url = normal_url(hop.target) or hop.target
            if len(chain) > MOST_REDIRECTS or url in chain:
                raise redirects_too_often(start, hop.status)
            hop = await self._ask(url, known(url))
        if isinstance(hop, Media):
            raise FetchError(f"{url} is {hop.media_type}, which holds no text.", status=HTTPStatus.OK)
        return url, hop

    async def _ask(self, url: str, known: Validators) -> Hop:
        self._fetcher.check(url)
        robots = await self.robots(url)
        if isinstance(robots.unreachable, AddressRefused):
            raise robots.unreachable
        if robots.unreachable is not None:
            error = robots.unreachable
            message = f"{url} is not read now, because robots.txt comes first: {error.message}"
            raise FetchError(message, hint=error.hint, status=error.status) from error
        if not robots.allows(url):
            message = f"{url} is not read: the robots.txt of {origin(url)} forbids it."
            raise FetchError(message, hint="Whoever runs the site can allow it there to custagent.")
        return await self.hop(url, etag=known.etag, last_modified=known.last_modified)

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
