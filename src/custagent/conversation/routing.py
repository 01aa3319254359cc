"""Who gets a conversation that is handed to people (HND-1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from custagent.core.people import Colleague

_NEVER = datetime.min.replace(tzinfo=UTC)


def choose(colleagues: Sequence[Colleague], *, language: str) -> Colleague | None:
    """Who speaks the contact's language first, then fewest open conversations, then longest idle, then name."""
    return min(
        colleagues,
        key=lambda one: (
            language not in one.user.languages,
            one.open_conversations,
            one.last_given_at or _NEVER,
            one.user.name,
        ),
        default=None,
    )
