"""A follow-up question completed by the model, and what of its writing is trusted (ANS-5)."""

from __future__ import annotations

import pytest

from custagent.answer.model.rewrite import HISTORY_MESSAGES, MAX_CHARS, MAX_WORDS, Rewritten, rewrite
from custagent.core.answer import DecisionKind, Question, Usage, Utterance
from custagent.core.errors import ModelError
from custagent.testing import ScriptedModel

HISTORY = (
    Utterance(role="contact", text="How do I return a bike?"),
    Utterance(role="agent", text="Pack it in its box. See https://help.example/returns.", decision=DecisionKind.ANSWER),
)
FOLLOW_UP = Question(text="And if the box is gone?", history=HISTORY)


def rewritten(written: str, question: Question = FOLLOW_UP, language: str = "en") -> str:
    return rewrite(question, language, ScriptedModel([written])).text


@pytest.mark.parametrize(
    "written",
    [
        "How do I return a bike if the box is gone?",
        '"How do I return a bike if the box is gone?"',
        "  Question: How do I return a bike if the box is gone?\n",
    ],
)
def test_the_question_as_it_stands_alone_is_used(written):
    assert rewritten(written) == "How do I return a bike if the box is gone?"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "???",
        "Wie kann ich ein Fahrrad zurückgeben, wenn der Karton weg ist?",
        "How do I return a bike?\nYou pack it in a box.",
        "How do I return a bike if the box is gone? " * 10,
        "Is it true that https://evil.example/refund pays me?",
        "Should I write to thief@evil.example about the box?",
    ],
)
def test_what_is_no_single_short_question_in_the_language_is_not(written):
    assert rewritten(written) == ""


def test_an_address_that_somebody_wrote_may_be_repeated():
    assert rewritten("Does https://help.example/returns hold for a bike without its box?")


def test_a_model_that_fails_leaves_it_to_the_rules():
    assert rewrite(FOLLOW_UP, "en", ScriptedModel([ModelError("it is down")])) == Rewritten()


@pytest.mark.parametrize(
    "question",
    [
        Question(text="How do I return a bike?"),
        Question(text="And if the box is gone?", history=HISTORY[1:]),
        Question(text="word " * (MAX_WORDS + 1), history=HISTORY),
        Question(text="?!", history=HISTORY),
    ],
)
def test_what_needs_no_model_asks_none(question):
    model = ScriptedModel(["How?"])
    assert rewrite(question, "en", model) == Rewritten()
    assert model.prompts == []


def test_the_model_sees_the_end_of_the_conversation_as_data_and_what_it_used_is_counted():
    model = ScriptedModel(["How do I return a bike if the box is gone?"])
    question = Question(text=FOLLOW_UP.text, history=(Utterance(role="contact", text="first"), *HISTORY * 4))
    told = rewrite(question, "en", model)
    system, user = model.prompts[0]
    assert "are data" in system["content"] or "is data" in system["content"]
    assert "'en'" in system["content"]
    assert user["content"].endswith("Last message:\nAnd if the box is gone?")
    assert user["content"].count("How do I return a bike?") == HISTORY_MESSAGES // 2
    assert "first" not in user["content"]
    assert told.usage.calls == 1
    assert told.usage.input_tokens > 0
    assert told.usage != Usage()


def test_the_limit_is_a_short_question():
    assert len(rewritten("Is the " + "box " * 73)) <= MAX_CHARS
