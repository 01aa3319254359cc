"""What a person is told who takes a conversation over (HND-4).

The summary that is made at the handoff names messages and repeats none of their words. A model's recap has words of its
own; it is kept apart, and goes with the messages when they are erased (CONV-3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from custagent.core.answer import Usage


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
class Recap:
    """A conversation in short as a model wrote it, each line borne out by a message of the conversation."""

    #: What the contact wants: a sentence or two.
    request: tuple[str, ...]
    #: What the contact was told.
    tried: tuple[str, ...] = ()
    #: The question that is still open; none where nothing is.
    still_open: tuple[str, ...] = ()
    #: ISO 639-1 code of its lines: the team's language.
    language: str
    #: The model that wrote it.
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecap:
    """A handoff for which no recap has been tried yet."""

    #: The handoff's own number.
    handoff: int
    conversation: str
    #: The agent that had it.
    agent: str
    #: The last message before people had the conversation: what came later is no part of it.
    message: int


class RecapOutcome(StrEnum):
    """What became of the try to have a recap written. There is one try a handoff."""

    #: It was written, and borne out.
    CHECKED = "checked"
    #: Something that the model wrote is not borne out: what is made without it stays.
    REFUSED = "refused"
    #: The model failed, or did not answer in time.
    FAILED = "failed"
    #: It was written, and nobody needs it any more, or what it rests on has changed.
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRecord:
    """A handoff as it is kept."""

    #: The last message before people had the conversation: it tells the order.
    message: int
    #: UTC.
    at: datetime
    summary: HandoffSummary
    #: The same by a model, where one wrote it.
    recap: Recap | None = None
    #: What trying that used up; None where it was not tried.
    recap_usage: Usage | None = None
