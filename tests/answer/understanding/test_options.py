"""Which of the things that were offered a message picks (ANS-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.understanding.options import asked_back, chosen_options
from custagent.core.answer import DecisionKind, Question, Utterance
from custagent.locales import catalogue, languages

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
OFFERED = ("Delivery prices", "Workshop prices: Other work", "Winter storage")
ONE = ("Winter storage",)
DELIVERY, WORKSHOP, STORAGE = OFFERED


def clarified(*options: str) -> tuple[Utterance, ...]:
    return (
        Utterance(role="contact", text="How much does it cost?"),
        Utterance(role="agent", text="…", decision=CLARIFY, options=options),
    )


def chosen(text: str, options: tuple[str, ...] = OFFERED, language: str = "en") -> tuple[str, ...]:
    ordered = [catalogue(one) for one in sorted(languages(), key=lambda one: one != language)]
    return chosen_options(Question(text=text, history=clarified(*options)), ordered)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Delivery prices", (DELIVERY,)),
        ("delivery PRICES!", (DELIVERY,)),
        ("2", (WORKSHOP,)),
        ("2.", (WORKSHOP,)),
        ("the first one", (DELIVERY,)),
        ("Third", (STORAGE,)),
        ("den andra", (WORKSHOP,)),
        ("the second one please", (WORKSHOP,)),
        ("nr 2", (WORKSHOP,)),
        ("Number 2, please!", (WORKSHOP,)),
        ("option 3", (STORAGE,)),
        ("I mean the thrid one", (STORAGE,)),
        ("the secound one", (WORKSHOP,)),
        ("winter storrage", (STORAGE,)),
        ("the storage please", (STORAGE,)),
        ("I'd like to know about delivery", (DELIVERY,)),
        ("both", OFFERED),
        ("all of them please", OFFERED),
        ("1 and 3", (DELIVERY, STORAGE)),
        ("3 and 1", (DELIVERY, STORAGE)),
        ("the first and the third one", (DELIVERY, STORAGE)),
        ("4", ()),
        ("0", ()),
        ("22", ()),
        ("1 and 4", ()),
        ("yes", ()),
        ("no", ()),
        ("prices", ()),
        ("", ()),
        ("Delivery prices please, and quick", ()),
        ("storage?", ()),
        ("How much is the storage of a bike over the winter?", ()),
        ("2 bikes", ()),
        ("storage of something else", ()),
    ],
)
def test_options_are_picked_by_words_places_and_all_of_them(text, options):
    assert chosen(text) == options


@pytest.mark.parametrize(
    ("language", "second", "both"),
    [
        ("en", "the second one, please", "both please"),
        ("sv", "den andra tack", "båda tack"),
        ("de", "das zweite bitte", "beide bitte"),
        ("fr", "le deuxième s'il vous plaît", "les deux, merci"),
        ("es", "la segunda, por favor", "las dos, por favor"),
        ("pt", "a segunda, por favor", "ambas, por favor"),
        ("it", "la seconda, per favore", "tutte e due, grazie"),
        ("nl", "de tweede graag", "allebei graag"),
        ("da", "den anden, tak", "begge dele, tak"),
        ("nb", "den andre, takk", "begge deler, takk"),
        ("fi", "se toinen kiitos", "molemmat kiitos"),
        ("pl", "ta druga, proszę", "oba proszę"),
    ],
)
def test_polite_people_choose_in_every_language(language, second, both):
    assert chosen(second, language=language) == (WORKSHOP,)
    assert chosen(both, language=language) == OFFERED


def test_those_are_all_languages():
    assert len(languages()) == 12


@pytest.mark.parametrize("language", languages())
def test_numbered_words_go_before_a_digit(language):
    for word in catalogue(language).replies["numbered"]:
        assert chosen(f"{word} 2", language=language) == (WORKSHOP,), word


@pytest.mark.parametrize("text", ["yes", "Yes, please.", "ja", "ok", "that one", "yes that one please"])
def test_agreeing_chooses_the_one_thing_that_was_offered(text):
    assert chosen(text, ONE) == ONE


@pytest.mark.parametrize("text", ["no", "none of these", "both"])
def test_nothing_else_does(text):
    assert chosen(text, ONE) == ()


@pytest.mark.parametrize("decision", [ANSWER, REPHRASE, HANDOFF, None])
def test_nothing_is_chosen_where_nothing_was_offered_last(decision):
    history = (
        *clarified(*OFFERED),
        Utterance(role="contact", text="x"),
        Utterance(role="agent", text="…", decision=decision),
    )
    question = Question(text="Delivery prices", history=history)
    assert asked_back(question) is None
    assert chosen_options(question, [catalogue("en")]) == ()
    assert chosen_options(Question(text="Delivery prices"), [catalogue("en")]) == ()
    assert chosen("1", ()) == ()


@given(text=st.text(max_size=80), options=st.lists(st.text(min_size=1, max_size=20), max_size=3, unique=True))
def test_what_is_chosen_was_offered_and_stands_in_its_order(text, options):
    picked = chosen(text, tuple(options))
    assert list(picked) == [option for option in options if option in picked]


def test_a_huge_message_is_no_choice():
    assert chosen("1 and 2 " * 100_000) == ()
