"""What a person is told who takes a conversation over (HND-4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

import pytest

from custagent.conversation.summary import LONGEST_REQUEST, open_question_line, request_line, summarise
from custagent.core.answer import Answer, Decision, DecisionKind, Evidence, Reason
from custagent.core.document import Chunk, ScoredChunk
from custagent.core.handoff import TriedSource
from custagent.core.message import Message, MessageKind, Sender

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
ANSWER, CLARIFY, REPHRASE = MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.REPHRASE


class Talk:
    """A conversation."""

    def __init__(self) -> None:
        self.thread: list[Message] = []
        self._ids = count(1)

    def asks(self, text: str) -> int:
        return self._add(Sender.CONTACT, MessageKind.INBOUND, text).id

    def says(self, kind: MessageKind, reason: Reason = Reason.GROUNDED, *passages: tuple[str, float], **given) -> None:
        evidence = [{"location": place, "title": place.title(), "score": score} for place, score in passages]
        self._add(
            Sender.AGENT, kind, kind.value, reason=reason.value, evidence=json.dumps({"passages": evidence}), **given
        )

    def _add(self, sender: Sender, kind: MessageKind, text: str, **given) -> Message:
        message = Message(id=next(self._ids), conversation="c", sender=sender, kind=kind, text=text, at=AT, **given)
        self.thread.append(message)
        return message

    def summary(self, reason: Reason | None, answer: Answer | None = None):
        return summarise(self.thread, reason=reason, language="en", answer=answer)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_what_could_not_be_answered_is_the_open_question(talk):
    talk.asks("Hi")
    talk.says(MessageKind.SMALL_TALK, Reason.SMALL_TALK)
    first = talk.asks("How long is the warranty?")
    talk.says(ANSWER)
    second = talk.asks("And for  batteries\nthat were dropped?")
    talk.says(REPHRASE, Reason.NOTHING_FITS)
    third = talk.asks("A battery that fell down?")
    told = talk.summary(Reason.ATTEMPTS_USED)
    assert (told.reason, told.language, told.asked) == ("attempts-used", "en", (first, second, third))
    assert (told.open_question, told.answers, told.questions_back) == (third, 1, 1)
    assert request_line(told, talk.thread) == (
        "How long is the warranty? / And for batteries that were dropped? / A battery that fell down?"
    )
    assert open_question_line(told, talk.thread) == "A battery that fell down?"


def test_asking_for_a_person_is_no_question_and_the_answer_before_it_was_none(talk):
    question = talk.asks("Where is my parcel?")
    talk.says(MessageKind.DISCLOSURE)
    talk.says(ANSWER)
    talk.asks("I want a human")
    told = talk.summary(Reason.ASKED_FOR_PERSON)
    assert (told.asked, told.open_question) == ((question,), question)


def test_whoever_asks_for_a_person_first_said_that(talk):
    asked = talk.asks("human please")
    told = talk.summary(Reason.ASKED_FOR_PERSON)
    assert (told.asked, told.open_question) == ((asked,), asked)
    assert request_line(told, talk.thread) == "human please"


def test_what_was_answered_is_not_open(talk):
    asked = talk.asks("How long?")
    talk.says(ANSWER)
    told = talk.summary(None)
    assert (told.reason, told.asked, told.open_question) == ("", (asked,), 0)
    assert open_question_line(told, talk.thread) == ""


def test_an_empty_conversation_has_nothing_to_tell(talk):
    told = talk.summary(Reason.PAUSED)
    assert (told.asked, told.open_question, told.tried) == ((), 0, ())
    assert request_line(told, talk.thread) == ""


def test_the_pages_that_were_tried_each_once_the_surest_first(talk):
    talk.asks("one")
    talk.says(CLARIFY, Reason.UNSURE, ("returns", 0.9), ("prices", 0.5), confidence=0.4)
    talk.asks("two")
    talk.says(REPHRASE, Reason.NOTHING_FITS, ("prices", 0.8), ("bikes", 0.3), confidence=0.1)
    talk.asks("three")
    chunk = Chunk(location="shipping", title="Shipping", text="…", language="en")
    decision = Decision(kind=DecisionKind.HANDOFF, reason=Reason.ATTEMPTS_USED, confidence=0.2)
    scored = ScoredChunk(chunk=chunk, cosine=0.5, lexical=0.5, score=0.6)
    answer = Answer(decision=decision, text="", language="en", evidence=Evidence(chunks=(scored,)))
    assert talk.summary(Reason.ATTEMPTS_USED, answer).tried == (
        TriedSource(title="Returns", location="returns", confidence=0.4),
        TriedSource(title="Prices", location="prices", confidence=0.4),
        TriedSource(title="Shipping", location="shipping", confidence=0.2),
        TriedSource(title="Bikes", location="bikes", confidence=0.1),
    )


def test_not_more_pages_than_somebody_reads(talk):
    talk.asks("one")
    talk.says(CLARIFY, Reason.UNSURE, *((f"page {number}", number / 10) for number in range(9)), confidence=0.4)
    assert [one.location for one in talk.summary(Reason.FAILED).tried] == [
        f"page {number}" for number in (8, 7, 6, 5, 4)
    ]


def test_of_a_long_request_the_last_is_told(talk):
    talk.asks("first " * 100)
    talk.asks("the very last words")
    line = request_line(talk.summary(Reason.FAILED), talk.thread)
    assert len(line) <= LONGEST_REQUEST + 2
    assert line.startswith("… ")
    assert line.endswith("the very last words")


def test_it_repeats_none_of_the_contact_s_words(talk):
    """CONV-3: what is erased must be gone here too."""
    talk.asks("My secret question?")
    assert "secret" not in repr(talk.summary(Reason.FAILED))
