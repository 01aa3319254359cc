"""What contacts asked and was not answered becomes gaps, a topic each; what else they say does not (GAP-1, GAP-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.core.gap import Gap, GapKind, GapStatus
from custagent.core.message import Verdict
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.lint import Rule
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.gaps import dismiss_gap, look_for_gaps, reopen_gap, show_gap
from custagent.runtime.content.lint import lint
from custagent.runtime.inbox.inbox import Inbox
from custagent.runtime.proving.preview import PreviewSession
from custagent.testing import HashEmbedder
from tests.runtime.content.gaps.conftest import Contacts

Find = Callable[..., list[Gap]]
KNOWN = "Where is the workshop?"


def asked(gaps: list[Gap]) -> dict[str, int]:
    return {gap.topic: gap.questions for gap in gaps}


def against(contacts: Contacts, reply: int, verdict: Verdict | None = Verdict.DOWN, *, key: str = "k1") -> None:
    contacts.app.store.feedback.give(reply, verdict, contacts.app.clock.now(), channel="website", contact_key=key)


def test_questions_about_one_thing_are_one_gap(contacts: Contacts, gaps: Find) -> None:
    for text in ("Do you ship to Norway?", "What does a helmet cost?", "ship norway", "Can you ship to Norway?"):
        contacts.ask(text)
    assert look_for_gaps(contacts.app).new == 4
    assert asked(gaps()) == {"Do you ship to Norway?": 3, "What does a helmet cost?": 1}
    first = gaps()[0]
    assert (first.kind, first.status, first.conversations) == (GapKind.UNANSWERED, GapStatus.OPEN, 3)
    assert (first.languages, first.channels) == (("en",), ("website",))
    assert first.last_seen == contacts.app.clock.now()


def test_what_is_no_unanswered_question_is_no_gap(contacts: Contacts, gaps: Find) -> None:
    for text in ("Hello!", "I want to talk to a person", KNOWN, "https://www.example.com", "Fuck off, you idiot"):
        contacts.ask(text)
    assert look_for_gaps(contacts.app).new == 0
    assert gaps() == []


def test_previews_do_not_count(contacts: Contacts, gaps: Find) -> None:
    """PRE-2."""
    answer = PreviewSession(contacts.app.answerer(contacts.app.agent("support"))).ask("Do you ship to Norway?")
    assert answer.decision.kind.value == "rephrase"
    assert look_for_gaps(contacts.app).new == 0


def test_a_gap_keeps_its_number_and_name_when_questions_come_in(contacts: Contacts, gaps: Find) -> None:
    contacts.ask("What does a helmet cost?")
    contacts.ask("Do you ship to Norway?")
    look_for_gaps(contacts.app)
    before = {gap.topic: gap.id for gap in gaps()}
    assert look_for_gaps(contacts.app).new == 0
    for text in ("ship to Norway", "Norway ship", "a helmet cost", "Tandem rental possible?"):
        contacts.ask(text)
    assert look_for_gaps(contacts.app).new == 4
    after = {gap.topic: gap.id for gap in gaps()}
    assert after == before | {"Tandem rental possible?": 3}
    assert asked(gaps()) == {"Do you ship to Norway?": 3, "What does a helmet cost?": 2, "Tandem rental possible?": 1}


def test_one_conversation_counts_once(contacts: Contacts, gaps: Find) -> None:
    contacts.ask("Do you ship to Norway?", "ada")
    last = contacts.ask("Can you ship to Norway?", "ada")
    assert last.decision == "handoff"
    look_for_gaps(contacts.app)
    (gap,) = gaps()
    assert (gap.questions, gap.conversations) == (2, 1)


def test_what_was_put_in_other_words_and_answered_then_is_no_gap(contacts: Contacts, gaps: Find) -> None:
    assert contacts.ask("Is your workshop in Oslo?", "ada").decision == "rephrase"
    assert contacts.ask("Where is workshop?", "ada").decision == "answer"
    contacts.ask("Tandem rental possible?", "bo")
    assert contacts.ask("Where is workshop?", "bo").decision == "answer"
    look_for_gaps(contacts.app)
    assert asked(gaps()) == {"Tandem rental possible?": 1}


def test_a_follow_up_is_grouped_completed_and_shown_as_written(contacts: Contacts, gaps: Find) -> None:
    contacts.ask("Do you ship helmets to Norway?", "ada")
    contacts.ask("And how much?", "ada")
    look_for_gaps(contacts.app)
    (gap,) = gaps()
    shown = show_gap(contacts.app, gap.id).questions
    assert [one.text for one in shown] == ["Do you ship helmets to Norway?", "And how much?"]
    assert shown[1].searched == "Do you ship helmets to Norway?\nAnd how much?"
    assert shown[1].decision == "handoff (attempts-used)"


def test_what_came_closest_and_what_a_person_replied(contacts: Contacts, gaps: Find) -> None:
    reply = contacts.ask("Is the museum closed on Monday?")
    contacts.person_replies(reply.conversation, "Hi!")
    contacts.person_replies(reply.conversation, "Right behind our workshop.")
    look_for_gaps(contacts.app)
    detail = show_gap(contacts.app, gaps()[0].id)
    assert detail.draft == "Right behind our workshop."
    nearest = detail.questions[0].nearest
    assert nearest is not None
    assert nearest.title == KNOWN
    assert nearest.score > 0


def test_words_that_were_masked_stay_masked(contacts: Contacts, gaps: Find) -> None:
    """ANS-7: it is read from the messages, which are masked when they come."""
    contacts.ask("Why was [card number] refused for a tandem?")
    look_for_gaps(contacts.app)
    assert gaps()[0].topic == "Why was [card number] refused for a tandem?"


def test_a_thumb_down_opens_a_gap_of_wrong_answers(contacts: Contacts, gaps: Find) -> None:
    reply = contacts.ask(KNOWN)
    against(contacts, reply.id)
    look_for_gaps(contacts.app)
    (gap,) = gaps()
    assert (gap.kind, gap.topic, gap.questions) == (GapKind.WRONG, KNOWN, 1)
    assert gaps(kinds=[GapKind.UNANSWERED]) == []


def test_a_thumb_that_is_taken_back_takes_its_gap_along(contacts: Contacts, gaps: Find) -> None:
    reply = contacts.ask(KNOWN)
    against(contacts, reply.id)
    look_for_gaps(contacts.app)
    against(contacts, reply.id, None)
    look_for_gaps(contacts.app)
    assert gaps() == []


def test_wrong_answer_in_the_inbox_opens_one_and_not_wrong_closes_it(contacts: Contacts, gaps: Find) -> None:
    reply = contacts.ask(KNOWN)
    inbox = Inbox(contacts.app)
    inbox.judge(reply.conversation, wrong=True)
    look_for_gaps(contacts.app)
    assert [gap.kind for gap in gaps()] == [GapKind.WRONG]
    inbox.judge(reply.conversation, wrong=False)
    look_for_gaps(contacts.app)
    assert gaps() == []


def test_a_thumb_against_a_rephrase_makes_no_second_gap(contacts: Contacts, gaps: Find) -> None:
    reply = contacts.ask("Do you ship to Norway?")
    against(contacts, reply.id)
    look_for_gaps(contacts.app)
    assert [gap.kind for gap in gaps()] == [GapKind.UNANSWERED]


def test_dismissed_stays_dismissed_whatever_is_asked(contacts: Contacts, gaps: Find) -> None:
    contacts.ask("Do you ship to Norway?")
    look_for_gaps(contacts.app)
    number = gaps()[0].id
    assert dismiss_gap(contacts.app, number).status is GapStatus.DISMISSED
    contacts.ask("ship to Norway")
    assert look_for_gaps(contacts.app).reopened == ()
    assert gaps(statuses=[GapStatus.OPEN]) == []
    assert gaps()[0].questions == 2
    with pytest.raises(UsageError, match=f"gap {number} is dismissed already"):
        dismiss_gap(contacts.app, number)
    assert reopen_gap(contacts.app, number).status is GapStatus.OPEN
    entries = contacts.app.store.audit.entries(2, "support")
    assert [(one.action, one.actor, one.after) for one in entries] == [
        ("gaps reopen", "anna", f"gap {number}: open"),
        ("gaps dismiss", "anna", f"gap {number}: dismissed"),
    ]


def test_only_who_may_edit_agents_decides_about_gaps(
    contacts: Contacts, gaps: Find, open_app: Callable[..., Application]
) -> None:
    contacts.ask("Do you ship to Norway?")
    look_for_gaps(contacts.app)
    stranger = open_app("eve")
    for change in (dismiss_gap, reopen_gap):
        with pytest.raises(PermissionDenied, match="edit-agents"):
            change(stranger, gaps()[0].id)


def test_a_gap_that_is_not_there(app: Application, contacts: Contacts) -> None:
    with pytest.raises(UnknownName, match="no gap 7"):
        show_gap(app, 7)


def test_only_since(contacts: Contacts, gaps: Find) -> None:
    contacts.ask("Do you ship to Norway?")
    later = contacts.app.clock.now() + timedelta(minutes=1)
    contacts.ask("What does a helmet cost?")
    look_for_gaps(contacts.app)
    assert asked(gaps(since=later)) == {"What does a helmet cost?": 1}


def test_of_whom_was_erased_the_count_stays_and_the_words_go(contacts: Contacts, gaps: Find) -> None:
    """CONV-3."""
    contacts.ask("Do you ship to Norway?", "ada")
    contacts.ask("ship to Norway", "bo")
    look_for_gaps(contacts.app)
    erasure = contacts.app.store.erasure
    (ada,) = erasure.find("ada")
    erasure.erase([ada.id], erasure.conversations_of([ada.id]), contacts.app.clock.now())
    assert asked(gaps()) == {"ship to Norway": 2}
    assert [one.text for one in show_gap(contacts.app, gaps()[0].id).questions] == ["", "ship to Norway"]
    (bo,) = erasure.find("bo")
    erasure.erase([bo.id], erasure.conversations_of([bo.id]), contacts.app.clock.now())
    assert asked(gaps()) == {"": 2}
    contacts.ask("Can you ship to Norway?")
    look_for_gaps(contacts.app)
    assert asked(gaps()) == {"": 2, "Can you ship to Norway?": 1}


def test_another_engine_compares_with_its_own_vectors(contacts: Contacts, gaps: Find) -> None:
    app = contacts.app
    contacts.ask("Do you ship to Norway?")
    look_for_gaps(app)
    contacts.ask("Can you ship to Norway?")
    app.embedder = HashEmbedder(dimension=96, name="other")
    Indexer(app.store.documents, app.store.vectors, app.embedder).update(app.index_folder("support"), lambda *_: None)
    look_for_gaps(app)
    assert asked(gaps()) == {"Do you ship to Norway?": 2}
    kept = app.store.gaps.grouped("support", GapKind.UNANSWERED)
    assert [(one.engine, len(one.vector)) for one in kept] == [("other", 4 * 96)] * 2


def test_what_is_still_open_is_a_phrase_for_the_content_however_old_it_is(contacts: Contacts) -> None:
    """`sources lint` looks at 90 days of conversations, and at the gaps (SRC-6)."""

    def unsaid() -> list[str]:
        return [one.quote for one in lint(contacts.app, "support") if one.rule is Rule.UNSAID]

    contacts.ask("Tandem rental possible?", "ada")
    contacts.ask("Tandem rental on Sunday?", "bo")
    look_for_gaps(contacts.app)
    now = unsaid()
    assert "Tandem" in " ".join(now)
    contacts.app.clock.advance(days=120)
    assert unsaid() == now
    dismiss_gap(contacts.app, 1)
    assert unsaid() == []
