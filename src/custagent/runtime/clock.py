"""The clock of the machine."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """A Clock that tells the machine's time."""

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)
