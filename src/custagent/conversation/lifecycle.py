"""When conversations end, wake and are asked about by themselves (CONV-1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Event, Threading, Turn, transition
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.workspace import CloseAfter
from custagent.core.written import seconds


def threading_of(kind: str, close_after: CloseAfter | None = None) -> Threading:
    """How conversations on channels of this kind end: chats and mail by the times of the workspace, a day and three.

    A message after that begins a new chat, and goes on with the same mail. Kinds of other packages are chats.
    """
    times = close_after or CloseAfter()
    mail = kind == ChannelKind.EMAIL
    return Threading(closes_after=timedelta(seconds=seconds(times.email if mail else times.chat)), reopens=mail)


def close_by_silence(conversation: Conversation, at: datetime) -> Turn:
    """The turn that closes a conversation in which nobody has said anything for too long."""
    return _by_the_clock(conversation, Event.TIMED_OUT, at)


def wake(conversation: Conversation, at: datetime) -> Turn:
    """The turn that ends a snooze: the conversation is open again, with whoever had put it aside."""
    return _by_the_clock(conversation, Event.WOKE, at)


def ask_whether_it_helped(conversation: Conversation, text: str, language: str, at: datetime) -> Turn:
    """The turn of the agent that follows up its answer after a silence. It is free (CRED-1).

    It is no message in the sense of CONV-1: the silence goes on, and closes the conversation when it would have.
    """
    asked = Message(
        conversation=conversation.id,
        sender=Sender.AGENT,
        kind=MessageKind.FOLLOW_UP,
        text=text,
        language=language,
        at=at,
    )
    return Turn(
        conversation=conversation, status=transition(conversation.status, Event.AGENT_REPLIED), messages=(asked,), at=at
    )


def _by_the_clock(conversation: Conversation, event: Event, at: datetime) -> Turn:
    return Turn(
        conversation=conversation,
        status=transition(conversation.status, event),
        assignee=conversation.assignee,
        agent=conversation.agent,
        language=conversation.language,
        at=at,
    )
