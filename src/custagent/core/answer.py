"""A question, the decision about it, and the answer: typed from end to end (ANS-1), nothing is parsed out of prose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from custagent.core.document import Citation, ScoredChunk
from custagent.core.message import Attachment


class DecisionKind(StrEnum):
    """The four outcomes (ANS-2)."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    REPHRASE = "rephrase"
    HANDOFF = "handoff"


class Reason(StrEnum):
    """Why a decision was taken."""

    #: The content answers it.
    GROUNDED = "grounded"
    #: A short answer matches it.
    SHORT_ANSWER = "short-answer"
    #: A greeting, thanks or goodbye.
    SMALL_TALK = "small-talk"
    #: Several different topics fit.
    AMBIGUOUS = "ambiguous"
    #: It speaks of a thing as known that neither the conversation nor the content tells.
    UNDERSPECIFIED = "underspecified"
    #: Something fits, not surely enough to answer.
    UNSURE = "unsure"
    #: Nothing fits.
    NOTHING_FITS = "nothing-fits"
    #: The message holds no words.
    EMPTY = "empty"
    #: Nothing but a file came, which the agent cannot open.
    ATTACHMENT = "attachment"
    #: A link or a number alone: it does not say what the contact would like to know.
    NO_QUESTION = "no-question"
    #: The contact says that the answer did not help.
    NOT_HELPED = "not-helped"
    #: Asking back has been tried as often as is allowed.
    ATTEMPTS_USED = "attempts-used"
    ASKED_FOR_PERSON = "asked-for-person"
    #: The contact curses, or complains more than once.
    ANGRY = "angry"
    #: A phrase from `handoff_phrases` was said.
    HANDOFF_PHRASE = "handoff-phrase"
    #: A topic from `guardrails` was raised.
    GUARDRAIL = "guardrail"
    #: Somebody paused the agent (MAN-1), or the channel.
    PAUSED = "paused"
    #: Nothing goes out on the channel: whatever the agent said would not arrive.
    CHANNEL_OUT = "channel-out"
    #: No credits are left for a new conversation (CRED-3).
    OUT_OF_CREDITS = "out-of-credits"
    #: The model failed, or nothing that it wrote passed the check.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One earlier message of the conversation."""

    #: "contact" or "agent".
    role: str
    text: str
    #: What the agent had decided when it said this; None for a contact's words or when unknown.
    decision: DecisionKind | None = None
    #: What the agent offered to choose from when it asked back.
    options: tuple[str, ...] = ()
    #: Why it had decided so; None where `decision` is. "No" says one thing after an answer, another after small talk.
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A contact's message with all that the answer may depend on."""

    text: str
    #: The language to assume when the text does not tell: the browser's or the conversation's, ISO 639-1.
    language: str = ""
    #: The channel's name or kind; "" in the terminal.
    channel: str = ""
    #: What was said before, oldest first.
    history: tuple[Utterance, ...] = ()
    #: Files that came with the message.
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    kind: DecisionKind
    reason: Reason
    #: Calibrated probability that answering with the best evidence would be right, 0..1 (ANS-3).
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """How a confidence came about, and what it was held against: enough to decide the same again (ANS-8)."""

    #: Which coefficients: their name, and what tells this version of them from others.
    calibration: str
    #: Log-odds before any signal has spoken.
    base: float
    #: What each signal adds to the log-odds, by its name.
    parts: Mapping[str, float]
    #: The thresholds in force: it answers from the first on, and asks back from the second.
    answer_from: float
    clarify_from: float
    #: The name of these thresholds; "" for numbers of one's own.
    preset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the decision rests on."""

    #: What was searched for: the question, completed from the conversation; "" when the content was not asked.
    searched: str = ""
    #: ISO 639-1 code that the message was taken to be in.
    language: str = ""
    #: What in the message counted besides its question, by name, such as "guardrail": "legal advice".
    triggers: Mapping[str, str] = field(default_factory=dict)
    #: The best passages, best first.
    chunks: tuple[ScoredChunk, ...] = ()
    #: Each signal by name, as `--explain` prints it.
    signals: Mapping[str, float] = field(default_factory=dict)
    #: None when the content was not asked, or held nothing.
    reckoning: Reckoning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A page that was considered."""

    location: str
    title: str
    score: float
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a reply used up. The embedded default uses nothing."""

    #: The model that wrote the text, "" when the text was taken from the content.
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    #: How often the model was asked: twice where something that it wrote had to be mended.
    calls: int = 0
    #: US dollars, by the price list that comes with LiteLLM; None where it is not known.
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of several questions in a message, with what was decided about it."""

    #: In the contact's words, or the option that they picked.
    question: str
    decision: Decision
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to one question, with everything it rests on."""

    decision: Decision
    #: What the contact reads.
    text: str
    #: ISO 639-1 code of the text's fixed parts.
    language: str
    citations: tuple[Citation, ...] = ()
    #: What the contact may choose from after a `clarify`.
    options: tuple[str, ...] = ()
    #: Where the message asked several things: each in order, with its own decision. Empty for one question.
    parts: tuple[Part, ...] = ()
    #: The best distinct pages, best first, at most ten.
    candidates: tuple[Candidate, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    usage: Usage = field(default_factory=Usage)
    #: Milliseconds by step.
    timings_ms: Mapping[str, float] = field(default_factory=dict)
