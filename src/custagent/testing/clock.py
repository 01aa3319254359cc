"""A clock that tests set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """A Clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The set moment."""
        return self._now

    def advance(self, **units: float) -> None:
        """Move on by `timedelta(**units)`."""
        self._now += timedelta(**units)
