"""Knowledge gaps: what contacts asked and the agent could not answer, or answered wrongly (GAP-1, GAP-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from custagent.core.answer import DecisionKind, Reason


class GapKind(StrEnum):
    """Why it is one."""

    #: The question ended in a rephrase or a handoff: nothing fitted.
    UNANSWERED = "unanswered"
    #: It was answered, and the contact or a person said that the answer was wrong.
    WRONG = "wrong"


class GapStatus(StrEnum):
    """What was done about it."""

    OPEN = "open"
    #: A short answer was written. A new question that is not answered all the same opens it again.
    ANSWERED = "answered"
    #: Nobody will write an answer. New questions are counted, and leave it so.
    DISMISSED = "dismissed"


#: Why a rephrase or a handoff tells of a gap. Whoever asks for a person, is angry, sends a link alone or meets an agent
#: that is paused has not asked what the content lacks.
TELLING_REASONS = frozenset(
    {Reason.NOTHING_FITS, Reason.UNSURE, Reason.AMBIGUOUS, Reason.UNDERSPECIFIED, Reason.ATTEMPTS_USED}
)
#: What an unanswered question ended in.
UNANSWERED_KINDS = frozenset({DecisionKind.REPHRASE, DecisionKind.HANDOFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOnce:
    """A reply to a question, as it is looked at for gaps.

    A message that asks several things has a part each, from 1; one question is part 0.
    """

    #: The agent's reply, by message id.
    reply: int
    part: int = 0
    conversation: str
    kind: GapKind
    #: The question, completed from its conversation: what is compared with others.
    searched: str
    #: ISO 639-1.
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedQuestion:
    """A question as its gap holds it for comparing."""

    reply: int
    part: int
    gap: int
    #: The words that carry its topic, as stems.
    words: frozenset[str]
    #: What embedded it; "" where it was erased.
    engine: str
    #: Unit vector as float32 little-endian bytes; empty where it was erased.
    vector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQuestion:
    """A question that is to be put into a gap."""

    asked: AskedOnce
    words: frozenset[str]
    engine: str
    vector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A topic that the content lacks, as a list shows it."""

    id: int
    agent: str
    kind: GapKind
    status: GapStatus
    #: The question that it is called by, as it was written; "" when all of them were erased.
    topic: str
    #: The language of that question.
    language: str
    questions: int
    conversations: int
    #: ISO 639-1, sorted.
    languages: tuple[str, ...]
    #: Sorted.
    channels: tuple[str, ...]
    #: When the last question came, UTC.
    last_seen: datetime
    #: When it was answered or dismissed; None while it is open.
    closed_at: datetime | None = None
    #: When a new question opened it again; None where none did since it was answered last.
    reopened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestContent:
    """What came closest to an answer when the question was asked."""

    title: str
    #: A URL, or a path inside the workspace.
    place: str
    #: As search ranked it, 0 to about 1.2.
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuestion:
    """One question of a gap."""

    reply: int
    part: int
    conversation: str
    channel: str
    #: The contact's exact words, masked as they were kept (ANS-7); "" where they were erased or taken back.
    text: str
    #: The same, completed from its conversation; "" where it was erased.
    searched: str
    language: str
    at: datetime
    #: What the agent did: "rephrase (nothing-fits)".
    decision: str
    nearest: NearestContent | None = None
    #: What a person replied to it; "" where nobody did.
    replied: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A new question with the gap that it belongs to."""

    question: NewQuestion
    #: A gap that is there; 0 for a new one, which all with the same `group` share.
    gap: int = 0
    group: int = 0
    #: A new gap is called by this one of its questions.
    names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A reply that may tell of a gap, with what came after it."""

    reply: int
    conversation: str
    decision: str
    reason: str
    language: str
    #: As `Message.evidence`.
    evidence: str
    #: Somebody said that it is wrong.
    against: bool
    #: The evidence of the agent's next reply, where that is an answer from the content which nobody is against; else "".
    then: str = ""
    #: The agent's reply before it and its evidence, where that asked back with a choice; else 0 and "".
    before: int = 0
    before_evidence: str = ""
