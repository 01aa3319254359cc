"""A gap is answered: the short answer is in force, a test case stands beside the agent, its questions are asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.cases import case_path, load_cases
from custagent.core.errors import ConfigError, PermissionDenied, UsageError
from custagent.core.gap import Gap, GapKind, GapStatus
from custagent.core.message import Verdict
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.gap_answers import GapAnswered, answer_gap
from custagent.runtime.content.gaps import look_for_gaps
from custagent.runtime.content.sources import Place, add_places
from custagent.runtime.proving.cases import run_cases
from tests.runtime.conftest import Silent
from tests.runtime.content.gaps.conftest import Contacts

Find = Callable[..., list[Gap]]
NORWAY = "Do you ship to Norway?"
YES = "Yes, within four days."


@pytest.fixture
def answer(contacts: Contacts, listener: Silent) -> Callable[..., GapAnswered]:
    """Answers the gap of what these contacts ask."""

    def write(*questions: str, text: str = YES, **given) -> GapAnswered:
        for question in questions:
            contacts.ask(question)
        look_for_gaps(contacts.app)
        number = max(gap.id for gap in contacts.app.store.gaps.find(["support"]))
        return answer_gap(contacts.app, number, text, listener, **given)

    return write


def test_answered_and_asked_again(contacts: Contacts, answer: Callable[..., GapAnswered], agent_file: Path) -> None:
    done = answer(NORWAY, "What? Norway, ship, gift wrapped, by Saturday?", NORWAY)
    assert (done.question, done.works, done.case_added) == (NORWAY, True, True)
    assert [one.answered for one in done.again] == [True, False, True]
    assert done.answered == 2
    assert done.gap.status is GapStatus.ANSWERED
    assert done.gap.closed_at == contacts.app.clock.now()
    assert f"  - short_answer: {NORWAY}\n    answer: {YES}\n" in agent_file.read_text(encoding="utf-8")
    reply = contacts.ask(NORWAY)
    assert (reply.decision, reply.reason) == ("answer", "short-answer")
    assert YES in reply.text
    assert look_for_gaps(contacts.app).new == 0
    assert [one.action for one in contacts.app.store.audit.entries(2, "support")] == ["gaps answer", "sources add"]


def test_the_case_passes_until_the_answer_goes(
    contacts: Contacts, answer: Callable[..., GapAnswered], agent_file: Path
) -> None:
    answer(NORWAY)
    app = contacts.app
    (result,) = run_cases(app, load_cases(app.home, "support"))
    assert result.passed
    text = agent_file.read_text(encoding="utf-8").replace(NORWAY, "Do you rent tandems?")
    agent_file.write_text(text, encoding="utf-8")
    app.store.sources.forget_agent("support")
    (result,) = run_cases(app, load_cases(app.home, "support"))
    assert not result.passed


def test_a_case_goes_behind_those_that_are_there(contacts: Contacts, answer: Callable[..., GapAnswered]) -> None:
    path = case_path(contacts.app.home, "support")
    path.write_text("cases:\n  # The oldest.\n  - ask: Where is the workshop?\n    expect: answer\n", encoding="utf-8")
    assert answer(NORWAY).case_added
    assert path.read_text(encoding="utf-8") == (
        "cases:\n  # The oldest.\n  - ask: Where is the workshop?\n    expect: answer\n"
        f"  - ask: {NORWAY}\n    expect: answer\n    reason: short-answer\n"
    )


def test_a_new_question_that_is_not_answered_opens_it_again(
    contacts: Contacts, answer: Callable[..., GapAnswered]
) -> None:
    number = answer(NORWAY).gap.id
    contacts.ask("ship to Norway")
    assert look_for_gaps(contacts.app).reopened == (number,)
    gap = contacts.app.store.gaps.gap(number)
    assert (gap.status, gap.closed_at, gap.reopened_at) == (GapStatus.OPEN, None, contacts.app.clock.now())


def test_what_was_asked_before_the_answer_does_not(contacts: Contacts, listener: Silent) -> None:
    contacts.ask(NORWAY)
    look_for_gaps(contacts.app)
    contacts.ask("ship to Norway")
    number = contacts.app.store.gaps.find(["support"])[0].id
    answer_gap(contacts.app, number, YES, listener)
    assert look_for_gaps(contacts.app).reopened == ()
    gap = contacts.app.store.gaps.gap(number)
    assert (gap.status, gap.questions) == (GapStatus.ANSWERED, 2)


def test_a_wrong_answer_is_answered_by_a_short_answer_only(contacts: Contacts, listener: Silent, gaps: Find) -> None:
    app = contacts.app
    known = "Where is the workshop?"
    reply = contacts.ask(known)
    app.store.feedback.give(reply.id, Verdict.DOWN, app.clock.now(), channel="website", contact_key="k1")
    look_for_gaps(app)
    (gap,) = gaps(kinds=[GapKind.WRONG])
    with pytest.raises(UsageError, match="has another short answer to 'Where is the workshop\\?' already"):
        answer_gap(app, gap.id, "By the station.", listener)


def test_a_command_that_was_stopped_goes_on_when_it_is_given_again(
    contacts: Contacts, answer: Callable[..., GapAnswered], listener: Silent
) -> None:
    contacts.ask(NORWAY)
    add_places(contacts.app, "support", [Place(mapping={"short_answer": NORWAY, "answer": YES})])
    done = answer()
    assert (done.works, done.case_added, done.answered) == (True, True, 1)


def test_a_follow_up_is_asked_again_in_its_conversation(contacts: Contacts, answer: Callable[..., GapAnswered]) -> None:
    contacts.ask("Do you ship helmets to Norway?", "ada")
    contacts.ask("And how much?", "ada")
    done = answer(question="Do you ship helmets to Norway?")
    searched = [one.answer.evidence.searched for one in done.again]
    assert searched == ["Do you ship helmets to Norway?", "Do you ship helmets to Norway?\nAnd how much?"]


def test_another_question_may_be_written(answer: Callable[..., GapAnswered]) -> None:
    done = answer("ship norway", question="Do you  ship to\nNorway?")
    assert done.question == NORWAY
    assert done.works


def test_what_cannot_be_answered_changes_nothing(
    contacts: Contacts, answer: Callable[..., GapAnswered], agent_file: Path, open_app: Callable[..., Application]
) -> None:
    before = agent_file.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="no words"):
        answer(NORWAY, text=" \n")
    case_path(contacts.app.home, "support").write_text("cases: 7\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        answer()
    with pytest.raises(PermissionDenied, match="edit-agents"):
        answer_gap(open_app("eve"), 1, YES, Silent())
    assert agent_file.read_text(encoding="utf-8") == before


def test_a_gap_without_words_needs_a_question(
    contacts: Contacts, answer: Callable[..., GapAnswered], listener: Silent
) -> None:
    contacts.ask(NORWAY, "ada")
    look_for_gaps(contacts.app)
    erasure = contacts.app.store.erasure
    (ada,) = erasure.find("ada")
    erasure.erase([ada.id], erasure.conversations_of([ada.id]), contacts.app.clock.now())
    with pytest.raises(UsageError, match="the words of gap 1 were erased"):
        answer_gap(contacts.app, 1, YES, listener)
    done = answer_gap(contacts.app, 1, YES, listener, question=NORWAY)
    assert (done.works, done.again) == (True, ())
