"""Two treatments of the same questions are told apart by what contacts would notice."""

from __future__ import annotations

from dataclasses import replace

from custagent.core.answer import DecisionKind, Reason
from custagent.core.past_question import PastQuestion, Replayed
from custagent.evaluate.comparison import Kind, compare

ONE = Replayed(
    question=PastQuestion(text="How long?", line=1, conversation="a"),
    turn=1,
    decision=DecisionKind.ANSWER,
    reason=Reason.GROUNDED,
    confidence=0.9,
    text="Five days.",
    sources=("a.md", "b.md"),
)


def test_the_first_thing_that_differs_is_told_and_the_rest_counted() -> None:
    nows = [
        replace(ONE, confidence=0.6),
        replace(ONE, text="Six days."),
        replace(ONE, sources=("b.md",), text="Six days."),
        replace(ONE, decision=None, sources=()),
    ]
    found = compare([([ONE], [now]) for now in nows])
    assert [one.kind for one in found.found] == [Kind.DECISION, Kind.SOURCES, Kind.TEXT]
    assert [one.now for one in found.of(Kind.TEXT)] == [nows[1]]
    assert found.unchanged == 1


def test_the_same_is_no_difference() -> None:
    assert compare([([ONE, ONE], [ONE, ONE])]).found == ()
