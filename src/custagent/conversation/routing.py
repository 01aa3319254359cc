"""Who gets a conversation: the agent or people (ASG-5), and who of them (HND-1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from custagent.core.agent import Assignment
from custagent.core.ids import content_hash
from custagent.core.people import Colleague

_NEVER = datetime.min.replace(tzinfo=UTC)


def takes(assignment: Assignment, contact_key: str) -> bool:
    """Whether the agent takes a new conversation with this contact; else people have it from the start (ASG-5).

    The share goes by the contact, so that one contact is not answered now by the agent and now by people. Drafts for
    people and working hours are not there yet: an agent that should only suggest, or only outside somebody's hours,
    takes nothing rather than answer when it must not.
    """
    if assignment.mode != "reply" or assignment.hours != "always":
        return False
    return int(content_hash(assignment.channel, contact_key)[:8], 16) % 100 < assignment.share


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
