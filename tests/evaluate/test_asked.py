"""Which replies tell of a gap, and which question it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custagent.core.gap import GapKind, LookedAt
from custagent.evaluate.asked import answered_then, questions_in


def looked(decision: str, reason: str, told: dict[str, Any] | None = None, **given: Any) -> LookedAt:
    told = {"searched": "Do you ship?", "language": "sv", "parts": []} | (told or {})
    usual = {"reply": 7, "conversation": "c", "language": "en", "evidence": json.dumps(told), "against": False}
    return LookedAt(decision=decision, reason=reason, **(usual | given))


@pytest.mark.parametrize(
    ("decision", "reason", "is_gap"),
    [
        ("rephrase", "nothing-fits", True),
        ("handoff", "attempts-used", True),
        ("rephrase", "unsure", True),
        ("rephrase", "not-helped", False),
        ("rephrase", "no-question", False),
        ("handoff", "asked-for-person", False),
        ("handoff", "angry", False),
        ("handoff", "paused", False),
        ("handoff", "out-of-credits", False),
        ("handoff", "guardrail", False),
        ("clarify", "unsure", False),
        ("answer", "grounded", False),
        ("answer", "small-talk", False),
    ],
)
def test_what_ended_without_an_answer_of_the_content(decision: str, reason: str, is_gap: bool) -> None:
    found = list(questions_in(looked(decision, reason)))
    assert [(one.reply, one.part, one.kind, one.searched, one.language) for one in found] == (
        [(7, 0, GapKind.UNANSWERED, "Do you ship?", "sv")] if is_gap else []
    )


def test_of_several_questions_those_that_were_not_answered() -> None:
    parts = [
        {"decision": "answer", "reason": "grounded", "searched": "How long?", "language": "en"},
        {"decision": "rephrase", "reason": "nothing-fits", "searched": "Where to?", "language": "en"},
        {"decision": "handoff", "reason": "guardrail", "searched": "", "language": "en"},
    ]
    found = list(questions_in(looked("answer", "grounded", {"parts": parts})))
    assert [(one.part, one.searched) for one in found] == [(2, "Where to?")]


def test_none_of_what_was_offered_tells_of_the_question_before() -> None:
    before = json.dumps({"searched": "Do you lend tandems?", "language": "en"})
    reply = looked("rephrase", "nothing-fits", {"searched": ""}, before=5, before_evidence=before)
    assert [(one.reply, one.searched) for one in questions_in(reply)] == [(5, "Do you lend tandems?")]
    assert list(questions_in(looked("rephrase", "nothing-fits", {"searched": ""}))) == []


def test_a_wrong_answer_and_a_rephrase_that_did_not_help() -> None:
    (wrong,) = questions_in(looked("answer", "grounded", against=True))
    assert wrong.kind is GapKind.WRONG
    (unanswered,) = questions_in(looked("rephrase", "nothing-fits", against=True))
    assert unanswered.kind is GapKind.UNANSWERED


def test_what_was_asked_and_answered_then() -> None:
    assert answered_then(looked("rephrase", "nothing-fits")) == ("", "")
    then = json.dumps({"searched": "Shipping?", "language": "en"})
    assert answered_then(looked("rephrase", "nothing-fits", then=then)) == ("Shipping?", "en")
