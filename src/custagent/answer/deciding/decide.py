"""The decision (ANS-2), from a question's triggers, its confidence and what was tried before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from custagent.answer.understanding.triggers import Bare, Triggers
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
    if triggers.attachment and agent.attachments == "handoff":
        return _sure(DecisionKind.HANDOFF, Reason.ATTACHMENT)
    if triggers.attachment:
        return ask_again(Reason.ATTACHMENT, agent, attempts, confidence=1.0)
    if known := _known_at_once(triggers):
        return known
    if why := _why_no_question(triggers, attempts):
        return ask_again(why, agent, attempts, confidence=1.0)
    return None


def _known_at_once(triggers: Triggers) -> Decision | None:
    """What a person, a closed topic or small talk asks for."""
    if why := _needs_person(triggers):
        return _sure(DecisionKind.HANDOFF, why)
    if triggers.guardrail:
        kind = DecisionKind.ANSWER if triggers.guardrail.message else DecisionKind.HANDOFF
        return _sure(kind, Reason.GUARDRAIL)
    return _sure(DecisionKind.ANSWER, Reason.SMALL_TALK) if triggers.small_talk else None


def _why_no_question(triggers: Triggers, attempts: Attempts) -> Reason | None:
    """Why the message does not say what the contact would like to know; None when it may."""
    if triggers.not_helped:
        return Reason.NOT_HELPED
    if triggers.bare is Bare.LINK:
        return Reason.NO_QUESTION
    # None of what was offered: other words are needed, or a person.
    return Reason.NOTHING_FITS if triggers.refuses and attempts.clarify else None


def decide(
    confidence: float,
    *,
    topics: int,
    ambiguous: bool,
    agent: AgentDefinition,
    attempts: Attempts,
    underspecified: bool = False,
    follows: bool = False,
    chosen: bool = False,
) -> Decision:
    """The decision by confidence.

    `topics` is how many things the contact could be offered; 0 when nothing was found. `chosen`: the contact has just
    picked this one, so that it need not be as sure as an answer out of the blue. Once asking back is used up, an
    ambiguous or underspecified question that is sure enough is answered. An underspecified one is asked back about
    below the threshold too: what it is about was not said, so that nothing can fit well. `follows`: the contact has said
    something before.
    """
    thresholds = agent.confidence
    sure = topics > 0 and confidence >= (thresholds.clarify if chosen else thresholds.answer)
    may_clarify = topics > 0 and not chosen and attempts.clarify < agent.clarify_attempts
    # Amid a conversation, what was said before tells which of several things is meant.
    ambiguous = ambiguous and not (follows and sure)
    unclear = ambiguous or underspecified
    if sure and not (unclear and may_clarify):
        return Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=confidence)
    if may_clarify and (underspecified or confidence >= thresholds.clarify):
        reason = _why_unclear(ambiguous=ambiguous, underspecified=underspecified)
        return Decision(kind=DecisionKind.CLARIFY, reason=reason, confidence=confidence)
    return ask_again(Reason.NOTHING_FITS, agent, attempts, confidence=confidence)


def _why_unclear(*, ambiguous: bool, underspecified: bool) -> Reason:
    if ambiguous:
        return Reason.AMBIGUOUS
    return Reason.UNDERSPECIFIED if underspecified else Reason.UNSURE


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
