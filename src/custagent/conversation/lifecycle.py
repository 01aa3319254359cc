"""When conversations end by themselves (CONV-1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from custagent.core.conversation import Conversation, Event, Threading, Turn, transition
from custagent.core.workspace import ChannelKind

_CHAT = Threading(closes_after=timedelta(hours=24), reopens=False)
_MAIL = Threading(closes_after=timedelta(hours=72), reopens=True)


def threading_of(kind: ChannelKind) -> Threading:
    """How conversations on channels of this kind end: after a day for chats, after three for mail."""
    return _MAIL if kind is ChannelKind.EMAIL else _CHAT


def close_by_silence(conversation: Conversation, at: datetime) -> Turn:
    """The turn that closes a conversation in which nobody has said anything for too long."""
    return Turn(
        conversation=conversation,
        status=transition(conversation.status, Event.TIMED_OUT),
        assignee=conversation.assignee,
        agent=conversation.agent,
        language=conversation.language,
        at=at,
    )
