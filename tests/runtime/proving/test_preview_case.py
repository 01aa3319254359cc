"""What was tried in a preview is kept as a test case, which `custagent test` reads and the agent passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custagent.config.agents import agent_path
from custagent.config.cases import case_path, load_cases
from custagent.core.answer import Answer, Decision, DecisionKind, Reason, Utterance
from custagent.core.document import Citation
from custagent.core.errors import PermissionDenied, UsageError
from custagent.runtime.proving.cases import run_cases
from custagent.runtime.proving.preview import PreviewSession
from custagent.runtime.proving.preview_case import save_case

PAGE = "https://help.example/refunds"
ANSWER = Answer(
    decision=Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.9),
    text="Five days.",
    language="en",
    citations=(Citation(title="Refunds", source=PAGE, location=PAGE, quote="Five days."),),
)
ASKS = replace(ANSWER, decision=Decision(kind=DecisionKind.CLARIFY, reason=Reason.AMBIGUOUS, confidence=0.5))


@pytest.fixture(autouse=True)
def _agent(home, blank_database) -> None:
    home.database.write_bytes(blank_database)
    agent_path(home, "support").write_text("name: support\n", encoding="utf-8")


class Scripted:
    """An Answerer that says one thing after the other."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def answer(self, _: object) -> Answer:
        return self._answers.pop(0)


def saved(app, *answers: Answer, name: str = "", **settings) -> dict:
    session = PreviewSession(Scripted(*answers), **settings)
    for number in range(len(answers)):
        session.ask(f"Question {number}?")
    assert save_case(app, "support", session, name=name)
    return load_cases(app.home, "support")[-1].case.model_dump(exclude_defaults=True, mode="json")


def test_a_question_is_saved_with_what_became_of_it(app):
    assert saved(app, ANSWER) == {"ask": "Question 0?", "expect": "answer", "cites": [PAGE]}


def test_what_is_asked_back_is_saved_with_its_reason(app):
    assert saved(app, ASKS, channel="email", language="sv") == {
        "ask": "Question 0?", "expect": "clarify", "reason": "ambiguous", "channel": "email", "speaks": "sv",
    }  # fmt: skip


def test_a_conversation_is_saved_as_a_dialogue_behind_the_cases_that_are_there(app):
    saved(app, ANSWER)
    case = saved(app, ASKS, ANSWER)
    assert case["name"] == "Question 0? (and 1 more)"
    assert [step["ask"] for step in case["dialogue"]] == ["Question 0?", "Question 1?"]
    assert saved(app, ANSWER, name="by the hand")["name"] == "by the hand"
    assert len(load_cases(app.home, "support")) == 3


def test_the_same_name_is_not_written_twice(app):
    session = PreviewSession(Scripted(ANSWER))
    session.ask("Question 0?")
    assert save_case(app, "support", session)
    assert not save_case(app, "support", session)
    assert len(load_cases(app.home, "support")) == 1


def test_nothing_asked_nothing_saved(app):
    session = PreviewSession(Scripted())
    with pytest.raises(UsageError, match="nothing was asked"):
        save_case(app, "support", session)
    session = PreviewSession(Scripted(ANSWER))
    session.reset((Utterance(role="contact", text="Hej"),))
    session.ask("And then?")
    with pytest.raises(UsageError, match="began before"):
        save_case(app, "support", session)
    assert not case_path(app.home, "support").exists()


@pytest.mark.usefixtures("staffed")
def test_only_who_may_edit_agents_saves(open_app):
    session = PreviewSession(Scripted(ANSWER))
    session.ask("Question 0?")
    with pytest.raises(PermissionDenied):
        save_case(open_app("cleo"), "support", session)


def test_what_was_saved_passes(live):
    session = PreviewSession(live.answerer(live.agent("support")), masked=live.masked)
    session.ask("How long is the warranty?")
    session.ask("I want to talk to a person")
    assert save_case(live, "support", session)
    (result,) = run_cases(live, load_cases(live.home, "support"))
    assert result.faults == ()
