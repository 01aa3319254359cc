"""What customers asked in the past, and what an agent would say to it today: a launch tried out before it happens."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.core.answer import DecisionKind, Reason, Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuestion:
    """One message that a contact once wrote."""

    text: str
    #: Where it stands in the file, from 1.
    line: int
    #: What the file calls it; "" where it does not.
    id: str = ""
    #: Messages of one conversation have the same; never "".
    conversation: str
    #: Who wrote it, where the file tells; "" elsewhere.
    contact: str = ""
    #: As the file has it: an ISO 639-1 code or a browser's tag; "" lets the text tell.
    language: str = ""
    channel: str = ""
    #: What somebody sorted it under; "" for nothing.
    label: str = ""
    #: What was said before it and is not asked again, oldest first.
    history: tuple[Utterance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A past question with what the agent makes of it."""

    question: PastQuestion
    #: Its place among those asked of its conversation, from 1.
    turn: int
    #: None: nothing, for a person had the conversation by then.
    decision: DecisionKind | None
    reason: Reason | None = None
    #: 0..1, see `core.answer.Decision`.
    confidence: float = 0.0
    #: ISO 639-1 code that the message was taken to be in; "" where it was not asked.
    language: str = ""
    #: The reply.
    text: str = ""
    #: The links of what the reply cites, in order, each once.
    sources: tuple[str, ...] = ()
    #: Title and link of the page that came closest; "" where the content was not asked, or is empty.
    nearest_title: str = ""
    nearest: str = ""
    #: What was searched for: the question, completed from its conversation.
    searched: str = ""
    #: What a hosted model's reply costs, US dollars; 0 without one, and where its price is not known.
    dollars: float = 0.0

    @property
    def is_handed_over(self) -> bool:
        """Whether a person has the conversation from here on, or had it before."""
        return self.decision in (None, DecisionKind.HANDOFF)
