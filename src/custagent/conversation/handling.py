"""What people do with a conversation, as turns (HND-5). Pure: the store refuses a turn that came too late."""

from __future__ import annotations

from datetime import datetime

from custagent.core.conversation import Conversation, Event, Status, Turn, transition
from custagent.core.message import Message, MessageKind, Sender


def take(conversation: Conversation, user: str, at: datetime) -> Turn:
    """The user has it from now on. What the agent had not sent yet is withdrawn."""
    return assign(conversation, f"user:{user}", at)


def assign(conversation: Conversation, target: str, at: datetime) -> Turn:
    """ "user:NAME" has it from now on, or it waits in the queue of "team:NAME", or of whoever comes ("")."""
    return _turn(conversation, Event.TAKEN, target, at, withdraws=True)


def reply(conversation: Conversation, user: str, text: str, language: str, at: datetime) -> Turn:
    """The user writes to the contact, and has it if no other user does.

    A closed conversation is opened again by it: what is said in it belongs to somebody.
    """
    owner = conversation.assignee if conversation.assignee.startswith("user:") else f"user:{user}"
    said = Message(
        conversation=conversation.id,
        sender=Sender.PERSON,
        kind=MessageKind.PERSON,
        text=text,
        author=user,
        language=language,
        at=at,
    )
    event = Event.TAKEN if conversation.status is Status.CLOSED else Event.PERSON_REPLIED
    return _turn(conversation, event, owner, at, messages=(said,), withdraws=True)


def release(conversation: Conversation, agent: str, disclosure: Message, at: datetime) -> Turn:
    """The agent has it again, and says that it is an AI (ASG-4)."""
    return _turn(conversation, Event.RELEASED, "", at, agent=agent, messages=(disclosure,))


def snooze(conversation: Conversation, at: datetime, *, until: datetime | None = None) -> Turn:
    """Put aside until a moment, or until the contact writes; whoever has it keeps it."""
    return _turn(conversation, Event.SNOOZED, conversation.assignee, at, until=until)


def wake_now(conversation: Conversation, at: datetime) -> Turn:
    """Take out again what was put aside."""
    return _turn(conversation, Event.WOKE, conversation.assignee, at)


def close(conversation: Conversation, at: datetime) -> Turn:
    """It is done; whoever had it is remembered, for mail may open it again."""
    return _turn(conversation, Event.CLOSED, conversation.assignee, at, withdraws=True)


def _turn(
    conversation: Conversation,
    event: Event,
    assignee: str,
    at: datetime,
    *,
    agent: str = "",
    messages: tuple[Message, ...] = (),
    withdraws: bool = False,
    until: datetime | None = None,
) -> Turn:
    return Turn(
        conversation=conversation,
        status=transition(conversation.status, event),
        assignee=assignee,
        agent=agent,
        messages=messages,
        withdraws=withdraws,
        snoozed_until=until,
        at=at,
    )
