"""What a person is told who takes a conversation over (HND-4). It names messages, and repeats none of their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedSource:
    """A page that the agent looked at before it gave up."""

    title: str
    #: Its file or address.
    location: str
    #: How sure the agent was, at best, of an answer that rests on it; None where it did not say.
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffSummary:
    """A conversation in short, at the moment at which people got it.

    It refers to the contact's messages by their ids, so that erasing their texts leaves nothing of them here (CONV-3).
    """

    #: A `core.answer.Reason`, as text; "" when people had the conversation from the start.
    reason: str = ""
    #: ISO 639-1 code that the contact writes in, "" when it is not known.
    language: str = ""
    #: What the contact asked, oldest first: message ids.
    asked: tuple[int, ...] = ()
    #: The question that is still open; 0 when there is none.
    open_question: int = 0
    #: How often the agent answered, and how often it asked back or asked to rephrase.
    answers: int = 0
    questions_back: int = 0
    #: The best of what it looked at, best first.
    tried: tuple[TriedSource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRecord:
    """A handoff as it is kept."""

    #: The last message before people had the conversation: it tells the order.
    message: int
    #: UTC.
    at: datetime
    summary: HandoffSummary
