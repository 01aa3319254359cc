"""Wakes open streams. It holds no message: what a stream shows it reads from the database, woken or not (design.md, 9)."""

from __future__ import annotations

import asyncio
from enum import StrEnum


class End(StrEnum):
    """Why the server ends a stream."""

    #: The runner stops; the browser comes back to the next one.
    STOPPING = "stopping"
    #: The visitor has opened more streams than are allowed; the oldest goes, and waits until it is looked at.
    ELSEWHERE = "elsewhere"


class Subscription:
    """One open stream of one contact."""

    __slots__ = ("_hub", "_news", "_wake", "contact_key", "end")

    def __init__(self, hub: Hub, contact_key: str) -> None:
        self._hub = hub
        self._wake = asyncio.Event()
        #: There may be something to read.
        self._news = True
        self.contact_key = contact_key
        #: Set when the stream has to end.
        self.end: End | None = None

    @property
    def typing(self) -> bool:
        """Whether a reply to the contact is being written."""
        return self._hub.is_typing(self.contact_key)

    def rest(self) -> bool:
        """Forget earlier wake-ups; whether there may be something to read, for typing alone is no reason to look.

        Call it before reading: what is written after that wakes again, so nothing is missed.
        """
        self._wake.clear()
        news, self._news = self._news, False
        return news

    async def wait(self, seconds: float) -> bool:
        """Sleep until something has happened; False when nothing has for `seconds`, and then it is time to look."""
        if self.end is not None:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            self._news = True
            return False
        return True

    def wake(self, *, news: bool = True) -> None:
        """Something has happened: there is something to read, unless it is only typing."""
        self._news |= news
        self._wake.set()

    def finish(self, end: End) -> None:
        """Let the stream end at its next step, for this reason."""
        self.end = end
        self._wake.set()

    def close(self) -> None:
        """The stream is gone."""
        self._hub.leave(self)


class Hub:
    """All open streams, by contact. Belongs to one event loop: every method is called in it."""

    def __init__(self) -> None:
        #: The oldest stream first.
        self._open: dict[str, list[Subscription]] = {}
        self._count = 0
        self._typing: set[str] = set()
        self._stopping = False

    def __len__(self) -> int:
        return self._count

    @property
    def stopping(self) -> bool:
        """Whether `close` was called."""
        return self._stopping

    def join(self, contact_key: str, *, at_most: int) -> Subscription:
        """A new stream of the contact; of more than `at_most` the oldest ends."""
        subscription = Subscription(self, contact_key)
        streams = self._open.setdefault(contact_key, [])
        streams.append(subscription)
        self._count += 1
        going_on = [stream for stream in streams if stream.end is None]
        for stream in going_on[:-at_most]:
            stream.finish(End.ELSEWHERE)
        if self._stopping:
            subscription.finish(End.STOPPING)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a stream; again is no harm."""
        streams = self._open.get(subscription.contact_key, [])
        if subscription in streams:
            streams.remove(subscription)
            self._count -= 1
        if not streams:
            self._open.pop(subscription.contact_key, None)

    def notify(self, contact_key: str) -> None:
        """The contact has something new to read: a message, or another person in the header."""
        for stream in self._open.get(contact_key, ()):
            stream.wake()

    def typing(self, contact_key: str, *, on: bool) -> None:
        """Somebody begins or stops writing to the contact. Whoever says on says off, whatever happens between."""
        (self._typing.add if on else self._typing.discard)(contact_key)
        for stream in self._open.get(contact_key, ()):
            stream.wake(news=False)

    def is_typing(self, contact_key: str) -> bool:
        """Whether a reply to the contact is being written."""
        return contact_key in self._typing

    def close(self) -> None:
        """The runner stops: every stream ends at once, and new ones end as they begin."""
        self._stopping = True
        for streams in self._open.values():
            for stream in streams:
                stream.finish(End.STOPPING)
