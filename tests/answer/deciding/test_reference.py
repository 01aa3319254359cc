"""What a message speaks of as known, and whether anybody has named it (ANS-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.deciding.reference import unsettled, with_references
from custagent.answer.signals import Signals
from custagent.core.answer import Decision, DecisionKind, Question, Reason, Utterance
from custagent.locales import catalogue, languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Does this burger contain nuts?", "en"),
        ("What awards has the actor won?", "en"),
        ("What is the animal’s origin?", "en"),
        ("Hur länge räcker denna cykel?", "sv"),
        ("Gibt es dieses Modell noch?", "de"),
        ("Combien coûte cet abonnement ?", "fr"),
        ("¿Cuánto cuesta esta bicicleta?", "es"),
        ("Esse modelo ainda existe?", "pt"),
        ("Quanto costa questo modello?", "it"),
        ("Wat kost deze fiets?", "nl"),
        ("Hvad koster denne cykel?", "da"),
        ("Hva koster denne sykkelen?", "nb"),
        ("Paljonko tämä pyörä maksaa?", "fi"),
        ("Ile kosztuje ten rower?", "pl"),
    ],
)
def test_a_thing_that_nobody_has_named_is_unsettled_in_each_language(text, language):
    assert unsettled(text, [], language) == 1.0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I return a bike?", "en"),
        # It joins two clauses, and what follows is no thing.
        ("I think that you have my parcel", "en"),
        ("Do you sell the?", "en"),
        ("this, that", "en"),
        # An article before every noun does not point.
        ("Combien coûte la livraison ?", "fr"),
        ("Was kostet der Versand?", "de"),
        ("Does this burger contain nuts?", "xx"),
        ("", "en"),
    ],
)
def test_what_points_at_nothing_is_settled(text, language):
    assert unsettled(text, [], language) == 0.0


def test_what_either_side_has_named_is_settled():
    assert unsettled("What is in this burger?", ["Our burgers come from Skåne."], "en") == 0.0
    assert unsettled("What is in this burger?", ["Our chairs come from Skåne."], "en") == 1.0


def test_one_thing_that_is_not_named_is_enough():
    assert unsettled("Does the burger fit the box?", ["burgers"], "en") > 0.0


def test_it_counts_less_the_more_of_the_topic_was_talked_about():
    # burger, come, nut: one of three was said.
    assert unsettled("Does this burger come with nuts?", ["Nuts"], "en") == pytest.approx(2 / 3)


def test_a_message_that_only_points_is_wholly_unsettled():
    assert unsettled("the following", ["Hello"], "en") == 1.0


def test_any_of_its_words_settles_a_thing():
    assert unsettled("Who is the famous chess player?", ["chess"], "en") == 0.0
    assert unsettled("Who is the famous chess player?", ["players"], "en") == 0.0
    assert unsettled("Who is the famous chess player?", ["tennis"], "en") == 1.0


def test_a_conversation_may_begin_with_what_nobody_has_named():
    question = Question(text="Does this burger contain nuts?")
    greeted = Question(text=question.text, history=(Utterance(role="agent", text="Hello!"),))
    later = Question(text=question.text, history=(Utterance(role="contact", text="Are you open?"),))
    signals = Signals(cosine=0.9)
    assert with_references(signals, question, "en") == with_references(signals, greeted, "en") == signals
    assert with_references(signals, later, "en") == Signals(cosine=0.9, unsettled=1.0)


def test_what_points_is_one_lower_case_word():
    for language in languages():
        for word in catalogue(language).definites:
            assert word.isalpha()
            assert word == word.lower()


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3), st.sampled_from(sorted(languages())))
def test_it_is_a_share_and_naming_everything_settles_it(text, said, language):
    assert 0.0 <= unsettled(text, said, language) <= 1.0
    assert unsettled(text, [*said, text], language) == 0.0


def test_the_agent_asks_back_about_what_nobody_has_named(content, agent, chunk):
    for name in ("Landsväg", "Medvind"):
        text = f"The battery of the {name} lasts 80 km. Charge the battery to the full before the first ride."
        content.add([chunk(text, location=f"{name}.md", title=f"Battery of the {name}")], source=name)
    for name in ("Refunds", "Helmets", "Opening hours"):
        content.add([chunk(f"{name} are told here.", location=f"{name}.md", title=name)], source=name)
    answerer = content.answerer(agent())
    asked = "Battery of the bike: the battery lasts how far, charge the battery fully before every first ride?"

    def decided(*before: str) -> Decision:
        history = tuple(Utterance(role="contact", text=text) for text in before)
        return answerer.answer(Question(text=asked, language="en", history=history)).decision

    assert decided().reason is not Reason.UNDERSPECIFIED
    assert decided("Are you open on Sunday?").reason is Reason.UNDERSPECIFIED
    assert decided("Are you open on Sunday?").kind is DecisionKind.CLARIFY
    assert decided("Which battery has your bike?").reason is not Reason.UNDERSPECIFIED
