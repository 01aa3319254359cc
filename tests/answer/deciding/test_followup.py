"""Questions that only make sense in their conversation (ANS-5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custagent.answer.deciding.followup import (
    CONTEXT_WEIGHT,
    MAX_EARLIER,
    complete,
    is_new_topic,
    said_before,
    stands_alone,
)
from custagent.core.answer import DecisionKind, Question, Utterance
from custagent.core.ports import Search
from custagent.locales import catalogue

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
OFFERED = ("Delivery prices", "Workshop prices: Other work", "Winter storage")


def contact(text: str) -> Utterance:
    return Utterance(role="contact", text=text)


def agent(decision: DecisionKind | None = ANSWER, options: tuple[str, ...] = (), text: str = "…") -> Utterance:
    return Utterance(role="agent", text=text, decision=decision, options=options)


def completed(text: str, *history: Utterance, language: str = "en", chosen: str = "") -> list[str]:
    question = Question(text=text, history=history)
    return complete(question, language, catalogue(language), chosen=chosen).text.split("\n")


DELIVERY = (contact("How much is delivery to Sweden?"), agent())
FRAKT = (contact("Vad kostar frakten till Norge?"), agent())


def test_what_stands_for_itself_is_searched_with_a_little_of_what_was_said_before():
    history = (contact("How much is delivery to Sweden?"), agent(text="Five euros."))
    question = Question(text="Which sizes of winter gloves are there?", language="en", history=history)
    search = complete(question, "en", catalogue("en"))
    assert search.text == question.text
    assert search.context == "How much is delivery to Sweden?\nWhich sizes of winter gloves are there?"
    assert search.weight == CONTEXT_WEIGHT
    assert complete(replace(question, history=()), "en", catalogue("en")) == Search(text=question.text)
    goes_on = complete(replace(question, text="And to Norway?"), "en", catalogue("en"))
    assert goes_on == Search(text="How much is delivery to Sweden?\nAnd to Norway?"), "it is all one question"


@pytest.mark.parametrize("greeting", ["Hi there", "Good morning!", "Thanks a lot"])
def test_greetings_and_thanks_are_nothing_that_was_said_before(greeting):
    greeted = (contact(greeting), agent(text="Hello! How can I help?"))
    text = "Which sizes of winter gloves are there?"
    assert complete(Question(text=text, history=greeted), "en", catalogue("en")) == Search(text=text)
    assert completed("And to Norway?", *DELIVERY, *greeted) == [DELIVERY[0].text, "And to Norway?"]
    assert said_before(Question(text=text, history=greeted), catalogue("en")) is None


@pytest.mark.parametrize(
    "text",
    [
        "And to Norway?",
        "What about a bike in a box?",
        "How long does it take?",
        "Why not?",
        "How long?",
        "Is that per parcel?",
        "how do I get there",
        "Can I cancel it?",
    ],
)
def test_a_follow_up_is_searched_with_the_question_before(text):
    assert completed(text, *DELIVERY) == ["How much is delivery to Sweden?", text]


@pytest.mark.parametrize(
    "text",
    [
        "Which helmets do you sell?",
        "Is there a student discount?",
        "Is it possible to pay by invoice?",
        "Android app",
        "Orders",
        "What is the interest rate if I spread it over two years of payments?",
    ],
)
def test_a_question_of_its_own_stands_for_itself(text):
    assert completed(text, *DELIVERY) == [text]


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("Och till Finland?", True),
        ("Hur är det med cyklar?", True),
        ("Hur länge?", True),
        ("Kan jag avboka det?", True),
        ("Finns det rabatt för studenter?", False),
        ("Går det att betala med Swish?", False),
        ("Vad kostar det att laga en punktering?", False),
    ],
)
def test_follow_ups_in_swedish(text, goes_on):
    assert (len(completed(text, *FRAKT, language="sv")) > 1) is goes_on


def test_without_a_conversation_every_question_stands_for_itself():
    assert completed("And to Norway?") == ["And to Norway?"]
    assert completed("And to Norway?", agent(text="Hello!")) == ["And to Norway?"]


def test_a_chain_of_follow_ups_reaches_back_to_the_question_that_began_it():
    history = (*DELIVERY, contact("And to Norway?"), agent())
    assert completed("And Finland?", *history) == ["How much is delivery to Sweden?", "And to Norway?", "And Finland?"]
    other = (contact("Which helmets do you sell?"), agent(), *DELIVERY)
    assert completed("And Finland?", *other) == ["How much is delivery to Sweden?", "And Finland?"]


def test_an_endless_chain_is_cut():
    history = tuple(said for number in range(500) for said in (contact(f"and {number}?"), agent()))
    assert completed("And Finland?", *history) == ["and 497?", "and 498?", "and 499?", "And Finland?"]
    assert MAX_EARLIER == 3


CLARIFIED = (contact("How much does it cost?"), agent(CLARIFY, OFFERED))


def test_a_choice_is_searched_in_the_words_of_the_option():
    assert completed("1", *CLARIFIED, chosen=OFFERED[0]) == ["How much does it cost?", OFFERED[0]]


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("the storage of my bike", True),
        ("repairs", True),
        ("Norway, 5 kg", True),
        ("What does winter storage cost?", True),
        ("Can I cancel?", False),
        ("I have lost the keys of my lock and want new ones from you", False),
    ],
)
def test_a_reply_to_a_question_back_goes_on_unless_it_asks_something_else(text, goes_on):
    assert (len(completed(text, *CLARIFIED)) > 1) is goes_on


def test_options_that_are_not_known_are_read_from_the_agents_words():
    history = (contact("How much?"), agent(CLARIFY, text="Do you mean one of these?\n- Delivery prices"))
    assert completed("For delivery of four large and heavy parcels", *history)[0] == "How much?"


@pytest.mark.parametrize(
    ("text", "is_new"),
    [
        ("Can I cancel my order?", True),
        ("How do I get to Kenya?", False),
        ("and the jab?", False),
        ("why?", False),
        ("What do I need for the trip, then?", False),
        ("???", False),
    ],
)
def test_a_new_topic_shares_no_word_with_what_was_not_answered(text, is_new):
    history = (contact("Which vaccinations for a trip to Kenya?"), agent(REPHRASE))
    question = Question(text=text, history=history)
    assert is_new_topic(question, "en", catalogue("en")) is is_new


def test_what_was_offered_belongs_to_the_old_topic():
    question = Question(text="Does the workshop repair old bikes on Sundays?", history=CLARIFIED)
    assert not is_new_topic(question, "en", catalogue("en"))


@pytest.mark.parametrize(
    ("text", "alone"),
    [("How much is storage?", True), ("How long does that take?", False), ("Why?", False), ("And to Norway?", True)],
)
def test_a_question_stands_alone_with_a_topic_of_its_own_and_no_pronoun(text, alone):
    assert stands_alone(text, "en", catalogue("en")) is alone
