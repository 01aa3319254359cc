"""How reading content goes on, as every command that reads shows it."""

from __future__ import annotations

import time
from collections.abc import Callable

from custagent.cli.render import Progress

#: Seconds from which on the time left is told in minutes.
_IN_MINUTES = 90


class ReadingDisplay:
    """Told of each page and passage; `pages` is how many there are to read, None when nobody knows."""

    def __init__(self, bar: Progress, pages: int | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bar = bar
        self._clock = clock
        self._of = pages
        self._pages = 0
        #: When embedding began, None before.
        self._began: float | None = None

    def page_read(self, location: str) -> None:
        """See the Listener of `knowledge.reading`."""
        self._pages += 1
        self._bar.show(self._pages, self._of, location)

    def page_failed(self, location: str, reason: str) -> None:
        """See there."""
        self._pages += 1 if self._of else 0
        self._bar.show(self._pages, self._of, f"not read: {location}, {reason}")

    def embedded(self, done: int, total: int) -> None:
        """See there."""
        if total:
            self._began = self._clock() if self._began is None or not done else self._began
            self._bar.show(done, total, f"passages indexed{pace(done, total, self._clock() - self._began)}")


def pace(done: int, total: int, seconds: float) -> str:
    """How many a second it was so far, and how long the rest will take: ", 14.2/s, about 3 min left"."""
    if not done or seconds <= 0 or done >= total:
        return ""
    left = (total - done) * seconds / done
    if left < _IN_MINUTES:
        return f", {done / seconds:.1f}/s, about {max(1, round(left))} s left"
    return f", {done / seconds:.1f}/s, about {round(left / 60)} min left"
