"""What a crawl may use up before it ends where it is: requests, bytes, time, and the patience with a silent site."""

from __future__ import annotations

from collections.abc import Callable

from custagent.knowledge.web.crawl_events import CrawlSettings, Stop

#: Requests that a crawl may make for each page it may read, before it is taken for a trap.
_REQUESTS_PER_PAGE = 3
_REQUESTS_FREE = 100


class Budget:
    """Counts what a crawl has used. `now` gives seconds."""

    def __init__(self, settings: CrawlSettings, *, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._until = now() + settings.max_seconds
        self._requests = 0
        self._bytes = 0
        self._silence = 0

    def ask(self) -> None:
        """A page is asked for."""
        self._requests += 1

    def receive(self, size: int = 0) -> None:
        """The site answered, with so many bytes of content."""
        self._bytes += size
        self._silence = 0

    def wait_in_vain(self) -> None:
        """The site did not answer, or only that it cannot."""
        self._silence += 1

    @property
    def spent(self) -> Stop | None:
        """What is used up; None while there is enough of everything."""
        settings = self._settings
        if self._silence >= settings.max_silence:
            return Stop.SILENCE
        if self._bytes > settings.max_bytes:
            return Stop.BYTES
        if self._now() > self._until:
            return Stop.SECONDS
        if self._requests >= settings.max_pages * _REQUESTS_PER_PAGE + _REQUESTS_FREE:
            return Stop.REQUESTS
        return None
