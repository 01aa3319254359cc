"""What an agent would have done with past questions, in figures: how it decides, what it lacks, what to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from custagent.core.answer import DecisionKind, Reason
from custagent.core.gap import TELLING_REASONS, UNANSWERED_KINDS
from custagent.core.past_question import Replayed
from custagent.evaluate.figures import Rate


class Made(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    #: It was asked back which of several things is meant.
    CLARIFIED = "clarified"
    #: It was asked to put the question differently.
    REPHRASED = "rephrased"
    HANDED_OVER = "handed-over"
    #: A person had the conversation by then, so the agent was not asked.
    WITH_PERSON = "with-person"


_MADE: Mapping[DecisionKind | None, Made] = {
    DecisionKind.ANSWER: Made.ANSWERED,
    DecisionKind.CLARIFY: Made.CLARIFIED,
    DecisionKind.REPHRASE: Made.REPHRASED,
    DecisionKind.HANDOFF: Made.HANDED_OVER,
    None: Made.WITH_PERSON,
}
#: Answers from the content: only these can be wrong about it.
_FROM_CONTENT = (Reason.GROUNDED, Reason.SHORT_ANSWER)
#: What stands in the place of a name that there is none of.
NONE = "not told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The figures of those questions that have something in common."""

    #: By what they are divided: "language", "channel", "label".
    by: str
    name: str
    made: Mapping[Made, Rate]
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToRead:
    """What a person should read before the agent meets customers, the worst first."""

    #: Answered, and least sure of it.
    unsure: tuple[Replayed, ...]
    #: Not answered, and nearly sure enough.
    nearly: tuple[Replayed, ...]
    #: Asked back.
    asked_back: tuple[Replayed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The figures of a simulation."""

    questions: int
    conversations: int
    #: Every one is there, of all questions.
    made: Mapping[Made, Rate]
    #: Conversations whose last reply is an answer and that no person had: of all.
    without_person: Rate
    handed_over: Rate
    #: Why conversations were handed over, most often first.
    reasons: Mapping[str, int]
    divisions: tuple[Division, ...]
    to_read: ToRead


def made_of(one: Replayed) -> Made:
    """What became of it."""
    return _MADE[one.decision]


def predict(conversations: Sequence[Sequence[Replayed]], *, worst: int) -> Prediction:
    """The figures of these conversations, with the `worst` questions of each kind to read."""
    replayed = [one for said in conversations for one in said]
    handed = [said for said in conversations if any(one.is_handed_over for one in said)]
    solved = sum(said[-1].decision is DecisionKind.ANSWER for said in conversations)
    reasons = Counter(
        one.reason.value for said in handed for one in said if one.decision is DecisionKind.HANDOFF and one.reason
    )
    return Prediction(
        questions=len(replayed),
        conversations=len(conversations),
        made=_rates(replayed),
        without_person=Rate(count=solved, base=len(conversations)),
        handed_over=Rate(count=len(handed), base=len(conversations)),
        reasons=dict(reasons.most_common()),
        divisions=(
            *_divided(replayed, "language", lambda one: one.language or one.question.language),
            *_divided(replayed, "channel", lambda one: one.question.channel),
            *_divided(replayed, "label", lambda one: one.question.label),
        ),
        to_read=_to_read(replayed, worst),
    )


def is_lacking(one: Replayed) -> bool:
    """Whether the question tells what the content lacks (GAP-1)."""
    return one.decision in UNANSWERED_KINDS and one.reason in TELLING_REASONS


def _rates(replayed: Sequence[Replayed]) -> dict[Made, Rate]:
    counts = Counter(map(made_of, replayed))
    return {made: Rate(count=counts[made], base=len(replayed)) for made in Made}


def _divided(replayed: Sequence[Replayed], by: str, name_of: Callable[[Replayed], str]) -> list[Division]:
    """The largest first; nothing where all have the same name."""
    groups: dict[str, list[Replayed]] = {}
    for one in replayed:
        groups.setdefault(name_of(one) or NONE, []).append(one)
    if len(groups) < 2:  # noqa: PLR2004 - one is no division
        return []
    found = [Division(by=by, name=name, made=_rates(some), questions=len(some)) for name, some in groups.items()]
    return sorted(found, key=lambda division: (-division.questions, division.name))


def _to_read(replayed: Sequence[Replayed], worst: int) -> ToRead:
    unsure = [one for one in replayed if one.decision is DecisionKind.ANSWER and one.reason in _FROM_CONTENT]
    nearly = [one for one in replayed if is_lacking(one)]
    back = [one for one in replayed if one.decision is DecisionKind.CLARIFY]
    return ToRead(
        unsure=tuple(sorted(unsure, key=lambda one: one.confidence)[:worst]),
        nearly=tuple(sorted(nearly, key=lambda one: -one.confidence)[:worst]),
        asked_back=tuple(sorted(back, key=lambda one: one.confidence)[:worst]),
    )
