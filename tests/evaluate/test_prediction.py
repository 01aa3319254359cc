"""The figures of a simulation, from questions whose treatment is known."""

from __future__ import annotations

from typing import Any

from custagent.core.answer import DecisionKind, Reason
from custagent.core.past_question import PastQuestion, Replayed
from custagent.evaluate.prediction import Made, is_lacking, predict


def one(
    decision: DecisionKind | None = DecisionKind.ANSWER,
    reason: Reason | None = Reason.GROUNDED,
    *,
    confidence: float = 0.9,
    language: str = "en",
    **asked: Any,
) -> Replayed:
    question = PastQuestion(text="How long?", line=1, conversation="a", **asked)
    return Replayed(
        question=question, turn=1, decision=decision, reason=reason, confidence=confidence, language=language
    )


HANDED = one(DecisionKind.HANDOFF, Reason.ASKED_FOR_PERSON)
SILENT = one(None, None)


def test_questions_and_conversations_are_counted_apart() -> None:
    found = predict([[one(), HANDED, SILENT], [one(DecisionKind.REPHRASE, Reason.NOTHING_FITS), one()]], worst=3)
    assert {made: rate.count for made, rate in found.made.items()} == {
        Made.ANSWERED: 2, Made.CLARIFIED: 0, Made.REPHRASED: 1, Made.HANDED_OVER: 1, Made.WITH_PERSON: 1,
    }  # fmt: skip
    assert {rate.base for rate in found.made.values()} == {5}
    assert (found.questions, found.conversations) == (5, 2)
    assert (found.without_person.count, found.handed_over.count) == (1, 1)
    assert found.reasons == {"asked-for-person": 1}


def test_divisions_are_made_where_there_is_something_to_divide() -> None:
    found = predict([[one(channel="web"), one(channel="web", language="sv"), HANDED]], worst=0)
    assert [(part.by, part.name, part.questions) for part in found.divisions] == [
        ("language", "en", 2),
        ("language", "sv", 1),
        ("channel", "web", 2),
        ("channel", "not told", 1),
    ]
    assert found.divisions[0].made[Made.ANSWERED].count == 1


def test_the_worst_are_to_be_read() -> None:
    small_talk = one(reason=Reason.SMALL_TALK, confidence=0.0)
    answered = [one(confidence=value) for value in (0.9, 0.6, 0.7)]
    nearly = [one(DecisionKind.REPHRASE, Reason.NOTHING_FITS, confidence=value) for value in (0.1, 0.2)]
    back = one(DecisionKind.CLARIFY, Reason.UNSURE, confidence=0.4)
    found = predict([[small_talk, *answered, *nearly, HANDED, back]], worst=2).to_read
    assert [each.confidence for each in found.unsure] == [0.6, 0.7]
    assert [each.confidence for each in found.nearly] == [0.2, 0.1]
    assert found.asked_back == (back,)


def test_whoever_asks_for_a_person_tells_of_no_gap() -> None:
    assert not is_lacking(HANDED)
    assert not is_lacking(one())
    assert is_lacking(one(DecisionKind.HANDOFF, Reason.ATTEMPTS_USED))


def test_nothing_asked_gives_no_rates() -> None:
    found = predict([], worst=5)
    assert found.without_person.share is None
    assert found.divisions == ()
