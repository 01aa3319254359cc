"""When a conversation leaves the person who has it, where it goes, and whether the contact is told (HND-1, HND-2). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from custagent.core.agent import Handoff
from custagent.core.conversation import Conversation, Event, Held, Turn, transition
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.people import Availability, Colleague
from custagent.core.written import seconds

USER, TEAM = "user:", "team:"
_ANNOUNCES = frozenset({MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE})


def targets_of(assignee: str, handoff: Handoff | None, desk_teams: Sequence[str]) -> tuple[str, ...]:
    """Among whom routing chooses: those whom the assignment names, else the teams of the channel's desk.

    What waits in the queue of another team stays with that team. `handoff` is the one in force on the channel, None when
    no agent is on it.
    """
    named = (
        tuple(handoff.to) if handoff and handoff.mode == "transfer" else tuple(f"{TEAM}{name}" for name in desk_teams)
    )
    return (assignee,) if assignee.startswith(TEAM) and assignee not in named else named


def queue_of(targets: Sequence[str]) -> str:
    """Whose queue an unassigned conversation waits in: the first team's; "" for whoever comes."""
    return next((target for target in targets if target.startswith(TEAM)), "")


def is_lost(owner: Availability | None) -> bool:
    """Whether the owner cannot have conversations at all: there is no such user any more, or no seat."""
    return owner in (None, Availability.NO_SEAT)


def is_left(held: Held, owner: Availability | None, handoff: Handoff) -> bool:
    """Whether the owner is not there for a contact who waits."""
    if is_lost(owner):
        return True
    left = {Availability.AWAY: "away", Availability.OFF_HOURS: "hours-end"}.get(owner) if owner else None
    return held.waits and left in handoff.reroute_on


def is_late(held: Held, handoff: Handoff, at: datetime) -> bool:
    """Whether the owner has not answered within the time that is set."""
    due = late_at(held, handoff)
    return due is not None and due <= at


def late_at(held: Held, handoff: Handoff) -> datetime | None:
    """When the owner will have taken too long; None where no time is set or nobody waits."""
    if handoff.reroute_after is None or not held.waits:
        return None
    return held.since + timedelta(seconds=seconds(handoff.reroute_after))


def others(available: Sequence[Colleague], held: Held) -> list[Colleague]:
    """Those who can be given it instead of its owner: nobody twice for the same words of the contact, so that it never
    goes round in circles.
    """
    tried: Collection[str] = {held.conversation.assignee, *held.tried}
    return [one for one in available if f"{USER}{one.user.name}" not in tried]


def may_announce(thread: Sequence[Message]) -> bool:
    """Whether the contact may be told once more that a colleague takes over: somebody has spoken since the last time."""
    for message in reversed(thread):
        if message.kind in _ANNOUNCES:
            return False
        if message.sender in (Sender.CONTACT, Sender.PERSON):
            return True
    return False


def give(conversation: Conversation, owner: str, at: datetime, *, said: Sequence[Message] = ()) -> Turn:
    """The turn that gives an open conversation to "user:NAME", or puts it into a queue ("team:NAME", or "")."""
    event = Event.TAKEN if owner.startswith(USER) else None
    return Turn(
        conversation=conversation,
        status=transition(conversation.status, event) if event else conversation.status,
        assignee=owner,
        messages=tuple(said),
        at=at,
    )
