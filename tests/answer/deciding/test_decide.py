"""The decision table: what is decided from triggers, confidence and what was tried (ANS-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.deciding.decide import Attempts, attempts_in, decide, decide_early, unanswered
from custagent.answer.understanding.triggers import SmallTalk, Triggers
from custagent.core.agent import AgentDefinition, ConfidenceThresholds, Guardrail
from custagent.core.answer import Decision, DecisionKind, Reason, Utterance

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
AGENT = AgentDefinition(name="support", confidence=ConfidenceThresholds(answer=0.6, clarify=0.25))
NONE_LEFT = Attempts(clarify=1, rephrase=1)

MUTE = Guardrail(topic="law", phrases=("sue",))
TOLD = Guardrail(topic="law", phrases=("sue",), message="Please ask a lawyer.")
EVERYTHING = Triggers(
    asks_for_person=True, handoff_phrase="cancel", guardrail=TOLD, small_talk=SmallTalk.THANKS, language="en"
)


def agent(clarify: int = 1, rephrase: int = 1) -> AgentDefinition:
    return AGENT.model_copy(update={"clarify_attempts": clarify, "rephrase_attempts": rephrase})


def history(*said: DecisionKind | str | None) -> tuple[Utterance, ...]:
    """Decisions of the agent, None for one that is unknown, texts of the contact."""
    return tuple(
        Utterance(role="contact", text=one)
        if isinstance(one, str) and not isinstance(one, DecisionKind)
        else Utterance(role="agent", text="…", decision=one)
        for one in said
    )


@pytest.mark.parametrize(
    ("triggers", "tried", "kind", "reason"),
    [
        (Triggers(empty=True), Attempts(), REPHRASE, Reason.EMPTY),
        (Triggers(empty=True), NONE_LEFT, HANDOFF, Reason.ATTEMPTS_USED),
        (EVERYTHING, Attempts(), HANDOFF, Reason.ASKED_FOR_PERSON),
        (Triggers(asks_for_person=True), NONE_LEFT, HANDOFF, Reason.ASKED_FOR_PERSON),
        (Triggers(handoff_phrase="cancel", guardrail=TOLD), Attempts(), HANDOFF, Reason.HANDOFF_PHRASE),
        (Triggers(angry=True, guardrail=TOLD), NONE_LEFT, HANDOFF, Reason.ANGRY),
        (Triggers(angry=True, handoff_phrase="cancel"), Attempts(), HANDOFF, Reason.HANDOFF_PHRASE),
        (Triggers(refuses=True), Attempts(clarify=1), REPHRASE, Reason.NOTHING_FITS),
        (Triggers(refuses=True), NONE_LEFT, HANDOFF, Reason.ATTEMPTS_USED),
        (Triggers(guardrail=TOLD, small_talk=SmallTalk.THANKS), Attempts(), ANSWER, Reason.GUARDRAIL),
        (Triggers(guardrail=MUTE), Attempts(), HANDOFF, Reason.GUARDRAIL),
        (Triggers(small_talk=SmallTalk.GREETING), NONE_LEFT, ANSWER, Reason.SMALL_TALK),
    ],
)
def test_what_needs_no_content(triggers, tried, kind, reason):
    assert decide_early(triggers, AGENT, tried) == Decision(kind=kind, reason=reason, confidence=1.0)


def test_everything_else_asks_the_content():
    assert decide_early(Triggers(), AGENT, NONE_LEFT) is None
    assert decide_early(Triggers(refuses=True), AGENT, Attempts(rephrase=1)) is None


@pytest.mark.parametrize(
    ("confidence", "topics", "ambiguous", "tried", "kind", "reason"),
    [
        (0.6, 1, False, Attempts(), ANSWER, Reason.GROUNDED),
        (0.6, 1, False, NONE_LEFT, ANSWER, Reason.GROUNDED),
        (0.9, 2, True, Attempts(), CLARIFY, Reason.AMBIGUOUS),
        (0.9, 2, True, NONE_LEFT, ANSWER, Reason.GROUNDED),
        (0.59, 2, True, Attempts(), CLARIFY, Reason.AMBIGUOUS),
        (0.59, 2, True, Attempts(clarify=1), REPHRASE, Reason.NOTHING_FITS),
        (0.59, 3, False, Attempts(), CLARIFY, Reason.UNSURE),
        (0.25, 1, False, Attempts(), CLARIFY, Reason.UNSURE),
        (0.59, 3, False, Attempts(clarify=1), REPHRASE, Reason.NOTHING_FITS),
        (0.59, 3, False, Attempts(rephrase=1), CLARIFY, Reason.UNSURE),
        (0.59, 3, False, NONE_LEFT, HANDOFF, Reason.ATTEMPTS_USED),
        (0.24, 3, True, Attempts(), REPHRASE, Reason.NOTHING_FITS),
        (0.24, 3, False, Attempts(rephrase=1), HANDOFF, Reason.ATTEMPTS_USED),
        (0.0, 0, False, Attempts(), REPHRASE, Reason.NOTHING_FITS),
    ],
)
def test_confidence_decides(confidence, topics, ambiguous, tried, kind, reason):  # noqa: PLR0917 - a table
    decision = decide(confidence, topics=topics, ambiguous=ambiguous, agent=AGENT, attempts=tried)
    assert decision == Decision(kind=kind, reason=reason, confidence=confidence)


@pytest.mark.parametrize(
    ("confidence", "topics", "ambiguous", "tried", "kind", "reason"),
    [
        (0.9, 2, False, Attempts(), CLARIFY, Reason.UNDERSPECIFIED),
        (0.3, 2, False, Attempts(), CLARIFY, Reason.UNDERSPECIFIED),
        (0.1, 1, False, Attempts(), CLARIFY, Reason.UNDERSPECIFIED),
        (0.9, 2, True, Attempts(), CLARIFY, Reason.AMBIGUOUS),
        (0.9, 2, False, Attempts(clarify=1), ANSWER, Reason.GROUNDED),
        (0.1, 2, False, Attempts(clarify=1), REPHRASE, Reason.NOTHING_FITS),
        (0.1, 2, False, NONE_LEFT, HANDOFF, Reason.ATTEMPTS_USED),
        (0.0, 0, False, Attempts(), REPHRASE, Reason.NOTHING_FITS),
    ],
)
def test_what_was_not_named_is_asked_back_about_however_sure(  # noqa: PLR0917 - a table
    confidence, topics, ambiguous, tried, kind, reason
):
    decision = decide(confidence, topics=topics, ambiguous=ambiguous, underspecified=True, agent=AGENT, attempts=tried)
    assert decision == Decision(kind=kind, reason=reason, confidence=confidence)


@pytest.mark.parametrize(
    ("confidence", "follows", "kind"),
    [(0.9, False, CLARIFY), (0.9, True, ANSWER), (0.6, True, ANSWER), (0.59, True, CLARIFY), (0.59, False, CLARIFY)],
)
def test_amid_a_conversation_what_is_sure_enough_is_not_ambiguous(confidence, follows, kind):
    decision = decide(confidence, topics=2, ambiguous=True, follows=follows, agent=AGENT, attempts=Attempts())
    assert decision.kind is kind


def test_what_the_contact_has_chosen_is_not_asked_back_about_again():
    decision = decide(
        0.9, topics=2, ambiguous=False, underspecified=True, agent=AGENT, attempts=Attempts(), chosen=True
    )
    assert decision.kind is ANSWER


@pytest.mark.parametrize(
    ("confidence", "kind"), [(0.25, ANSWER), (0.9, ANSWER), (0.24, HANDOFF)], ids=["offered", "sure", "never offered"]
)
def test_what_the_contact_has_chosen_is_answered_from_the_confidence_that_let_it_be_offered(confidence, kind):
    decision = decide(confidence, topics=3, ambiguous=True, agent=AGENT, attempts=NONE_LEFT, chosen=True)
    assert decision.kind is kind


def test_where_nothing_was_found_nothing_is_answered_whatever_the_thresholds():
    eager = AGENT.model_copy(update={"confidence": ConfidenceThresholds(answer=0.0, clarify=0.0)})
    decision = decide(0.0, topics=0, ambiguous=False, agent=eager, attempts=Attempts())
    assert (decision.kind, decision.reason) == (REPHRASE, Reason.NOTHING_FITS)


@pytest.mark.parametrize("allowed", range(4))
def test_the_agent_asks_back_as_often_as_it_may_and_then_hands_over(allowed):
    kinds = []
    for tried in range(allowed + 2):
        told = decide(0.1, topics=1, ambiguous=False, agent=agent(rephrase=allowed), attempts=Attempts(rephrase=tried))
        kinds.append(told.kind)
    assert kinds == [REPHRASE] * allowed + [HANDOFF] * 2


@pytest.mark.parametrize("allowed", range(4))
def test_the_agent_clarifies_as_often_as_it_may(allowed):
    kinds = [
        decide(0.4, topics=2, ambiguous=True, agent=agent(clarify=allowed), attempts=Attempts(clarify=tried)).kind
        for tried in range(allowed + 2)
    ]
    assert kinds == [CLARIFY] * allowed + [REPHRASE] * 2


@pytest.mark.parametrize(
    ("said", "clarify", "rephrase"),
    [
        ((), 0, 0),
        (("a",), 0, 0),
        (("a", REPHRASE, "b"), 0, 1),
        (("a", CLARIFY, "b", REPHRASE, "c"), 1, 1),
        (("a", REPHRASE, "b", ANSWER, "c"), 0, 0),
        (("a", REPHRASE, "b", ANSWER, "c", CLARIFY, "d"), 1, 0),
        (("a", REPHRASE, "b", HANDOFF, "c"), 0, 0),
        (("a", REPHRASE, None, "c"), 0, 0),
        (("a", None, REPHRASE, "c"), 0, 1),
        ((REPHRASE, REPHRASE, REPHRASE), 0, 3),
    ],
)
def test_attempts_are_counted_from_the_last_reply_that_did_not_ask_back(said, clarify, rephrase):
    assert attempts_in(history(*said)) == Attempts(clarify=clarify, rephrase=rephrase)


def test_the_unanswered_end_of_a_conversation():
    told = history("a", ANSWER, "b", CLARIFY, "c")
    assert [one.text for one in unanswered(told)] == ["b", "…", "c"]
    assert unanswered(()) == ()


@given(
    st.floats(0, 1), st.integers(0, 3), st.booleans(), st.booleans(), st.integers(0, 3), st.integers(0, 3),
    st.floats(0, 1), st.floats(0, 1), st.lists(st.sampled_from([*DecisionKind, None, "contact"]), max_size=8),
)  # fmt: skip
def test_no_conversation_is_asked_back_more_often_than_allowed(  # noqa: PLR0917 - Hypothesis gives them
    confidence, topics, ambiguous, chosen, clarifies, rephrases, one, other, said
):
    thresholds = ConfidenceThresholds(clarify=min(one, other), answer=max(one, other))
    definition = agent(clarifies, rephrases).model_copy(update={"confidence": thresholds})
    attempts = attempts_in(history(*said))
    decision = decide(
        confidence, topics=topics, ambiguous=ambiguous, agent=definition, attempts=attempts, chosen=chosen
    )
    assert decision.kind is not CLARIFY or (attempts.clarify < clarifies and topics and not chosen)
    assert decision.kind is not REPHRASE or attempts.rephrase < rephrases
    assert decision.kind is not ANSWER or (topics and confidence >= thresholds.clarify)
    assert decision.confidence == confidence
