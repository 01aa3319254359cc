"""Who gets a conversation: the agent or people (ASG-5), and who of them (HND-1). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from custagent.conversation.hours import WorkingHours
from custagent.core.agent import Assignment, Role
from custagent.core.ids import content_hash
from custagent.core.people import Availability, Colleague, Seat, User

_NEVER = datetime.min.replace(tzinfo=UTC)
#: The seat that a role's conversations are for (CRE-4); the other one serves where nobody else is there.
_PREFERRED = {
    Role.CUSTOMER_SERVICE: Seat.SERVICE,
    Role.MARKETING_SPECIALIST: Seat.SALES,
    Role.SALES_REPRESENTATIVE: Seat.SALES,
}
#: Whose conversations go to that seat whatever its holders have already. Service is everybody's work: among those who
#: have equally much a service seat comes first.
_INSISTS = frozenset({Role.MARKETING_SPECIALIST, Role.SALES_REPRESENTATIVE})


def takes(assignment: Assignment, contact_key: str, *, team_works: Callable[[], bool]) -> bool:
    """Whether the agent takes a new conversation with this contact; else people have it from the start (ASG-5).

    The share goes by the contact, so that one contact is not answered now by the agent and now by people. `team_works`
    is asked only where the assignment goes by hours. Drafts for people are not there yet: an agent that should only
    suggest takes nothing rather than answer when it must not.
    """
    if assignment.mode != "reply":
        return False
    if assignment.hours != "always" and team_works() is not (assignment.hours == "team-hours"):
        return False
    return int(content_hash(assignment.channel, contact_key)[:8], 16) % 100 < assignment.share


def availability(
    user: User, hours: Sequence[WorkingHours | None], *, away: bool, open_conversations: int, at: datetime
) -> Availability:
    """Whether the user can be given one more conversation, and what is in the way: the gravest thing (HND-1).

    `hours` are the user's and those of the team that is asked for; all of them must be open.
    """
    if user.seat is Seat.NONE:
        return Availability.NO_SEAT
    if away:
        return Availability.AWAY
    if not all(one is None or one.open_at(at) for one in hours):
        return Availability.OFF_HOURS
    if user.capacity is not None and open_conversations >= user.capacity:
        return Availability.BUSY
    return Availability.AVAILABLE


def choose(colleagues: Sequence[Colleague], *, language: str, role: Role | None = None) -> Colleague | None:
    """Who speaks the contact's language first, then fewest open conversations, then longest idle, then name.

    `role` is that of the agent whose conversation it is, with the seat that it prefers (CRE-4); None prefers none.
    """
    seat = _PREFERRED[role] if role else None
    return min(
        colleagues,
        key=lambda one: (
            not one.speaks(language),
            role in _INSISTS and one.user.seat is not seat,
            one.open_conversations,
            seat is not None and one.user.seat is not seat,
            one.last_given_at or _NEVER,
            one.user.name,
        ),
        default=None,
    )
