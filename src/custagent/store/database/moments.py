"""Moments as text that sorts in their order: UTC, always with microseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """`2026-07-04T12:00:00.000000+00:00`. Raises ValueError for a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; moments are aware UTC, from the Clock")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote, aware, UTC."""
    return datetime.fromisoformat(text)
