"""The decision (ANS-2), from a question's triggers, its confidence and what was tried before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from custagent.answer.triggers import Triggers
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Decision, DecisionKind, Reason, Utterance

#: What the agent does when it asks back.
ASKED_BACK = (DecisionKind.CLARIFY, DecisionKind.REPHRASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often in a row the agent has already asked back, counted from the end of the conversation."""

    clarify: int = 0
    rephrase: int = 0


def unanswered(history: Sequence[Utterance]) -> Sequence[Utterance]:
    """The end of the conversation in which the agent has done nothing but ask back.

    It begins after the agent's last message that was anything else, or whose decision is unknown.
    """
    for index in range(len(history) - 1, -1, -1):
        if history[index].role == "agent" and history[index].decision not in ASKED_BACK:
            return history[index + 1 :]
    return history


def attempts_in(history: Sequence[Utterance]) -> Attempts:
    """What was tried since the last reply that answered."""
    asked = [said.decision for said in unanswered(history) if said.role == "agent"]
    return Attempts(clarify=asked.count(DecisionKind.CLARIFY), rephrase=asked.count(DecisionKind.REPHRASE))


def decide_early(triggers: Triggers, agent: AgentDefinition, attempts: Attempts) -> Decision | None:
    """The decision that needs no content; None when the content has to be asked."""
    if triggers.empty:
        return ask_again(Reason.EMPTY, agent, attempts, confidence=1.0)
    if why := _needs_person(triggers):
        return _sure(DecisionKind.HANDOFF, why)
    if triggers.guardrail:
        kind = DecisionKind.ANSWER if triggers.guardrail.message else DecisionKind.HANDOFF
        return _sure(kind, Reason.GUARDRAIL)
    if triggers.small_talk:
        return _sure(DecisionKind.ANSWER, Reason.SMALL_TALK)
    if triggers.refuses and attempts.clarify:
        # None of what was offered: other words are needed, or a person.
        return ask_again(Reason.NOTHING_FITS, agent, attempts, confidence=1.0)
    return None


def decide(
    confidence: float,
    *,
    topics: int,
    ambiguous: bool,
    agent: AgentDefinition,
    attempts: Attempts,
    chosen: bool = False,
) -> Decision:
    """The decision by confidence.

    `topics` is how many things the contact could be offered; 0 when nothing was found. `chosen`: the contact has just
    picked this one, so that it need not be as sure as an answer out of the blue. Once asking back is used up, an
    ambiguous question that is sure enough is answered.
    """
    thresholds = agent.confidence
    sure = topics > 0 and confidence >= (thresholds.clarify if chosen else thresholds.answer)
    may_clarify = topics > 0 and not chosen and attempts.clarify < agent.clarify_attempts
    if sure and not (ambiguous and may_clarify):
        return Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=confidence)
    if confidence >= thresholds.clarify and may_clarify:
        reason = Reason.AMBIGUOUS if ambiguous else Reason.UNSURE
        return Decision(kind=DecisionKind.CLARIFY, reason=reason, confidence=confidence)
    return ask_again(Reason.NOTHING_FITS, agent, attempts, confidence=confidence)


def ask_again(reason: Reason, agent: AgentDefinition, attempts: Attempts, *, confidence: float) -> Decision:
    """Ask for other words, or pass on to a person once that has been tried."""
    if attempts.rephrase < agent.rephrase_attempts:
        return Decision(kind=DecisionKind.REPHRASE, reason=reason, confidence=confidence)
    return Decision(kind=DecisionKind.HANDOFF, reason=Reason.ATTEMPTS_USED, confidence=confidence)


def _needs_person(triggers: Triggers) -> Reason | None:
    if triggers.asks_for_person:
        return Reason.ASKED_FOR_PERSON
    if triggers.handoff_phrase:
        return Reason.HANDOFF_PHRASE
    return Reason.ANGRY if triggers.angry else None


def _sure(kind: DecisionKind, reason: Reason) -> Decision:
    return Decision(kind=kind, reason=reason, confidence=1.0)
