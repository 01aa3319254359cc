"""The signals of a ranking, and the confidence that they add up to (ANS-3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.confidence import CROSS_LANGUAGE, SAME_LANGUAGE, confidence_of
from custagent.answer.signals import NO_RIVAL, Signals, read_signals, topic_words


def test_nothing_found_has_no_signals_and_no_confidence():
    assert read_signals("anything", "en", [], {}) == Signals()
    assert confidence_of(Signals()) == 0.0


def test_signals_are_about_the_best_passage_and_its_rivals_on_other_pages(scored):
    found = [
        scored(0.9, "refunds", "Refunds take five days."),
        scored(0.89, "refunds", "Cards are slower."),
        *(scored(0.8 - n / 10, f"other{n}", "Bikes.") for n in range(7)),
    ]
    signals = read_signals("How long do refunds to cards take?", "en", found, {})
    assert signals.cosine == 0.9
    assert signals.margin == pytest.approx(0.1)
    assert signals.lead == pytest.approx(0.9 - (0.8 + 0.7 + 0.6 + 0.5 + 0.4) / 5)
    assert (signals.coverage, signals.topic_words, signals.same_language) == (1.0, 3.0, 1.0)


def test_a_page_alone_has_no_rival(scored):
    signals = read_signals("refunds", "en", [scored(0.9), scored(0.5)], {})
    assert (signals.margin, signals.lead) == (NO_RIVAL, NO_RIVAL)


def test_a_page_put_first_for_another_reason_than_its_score_does_not_trail(scored):
    signals = read_signals("refunds", "en", [scored(0.88), scored(0.9, "costs")], {})
    assert (signals.margin, signals.lead) == (0.0, 0.0)


def test_rare_words_count_more(scored):
    rarity = {"en": {"refund": 1.0, "kenya": 9.0}}
    signals = read_signals("refunds in Kenya?", "en", [scored(0.9)], rarity)
    assert signals.coverage == pytest.approx(0.1)
    assert read_signals("refunds in Kenya?", "en", [scored(0.9)], {}).coverage == pytest.approx(0.5)


def test_a_foreign_passage_is_known_as_such(scored):
    assert read_signals("refunds", "sv", [scored(0.9)], {}).same_language == 0.0


@pytest.mark.parametrize(
    ("text", "language", "topic"),
    [
        ("How do I return the bikes?", "en", {"return", "bike"}),
        ("How much is it?", "en", set()),
        ("Hur returnerar jag cyklarna?", "sv", {"returner", "cykl"}),
        ("Wie geht das?", "xx", {"wie", "geht", "das"}),
        ("Wie geht das?", "de", set()),
        ("", "en", set()),
    ],
)
def test_topic_words_are_stems_without_stop_words(text, language, topic):
    assert topic_words(text, language) == topic


def test_signals_are_told_by_name():
    assert Signals(cosine=0.5).by_name()["cosine"] == 0.5
    assert all(term.signal in Signals().by_name() for one in (SAME_LANGUAGE, CROSS_LANGUAGE) for term in one.terms)


unit = st.floats(0, 1)


@given(unit, unit, unit, unit, unit, st.sampled_from([0.0, 1.0]), unit)
def test_confidence_is_a_probability_that_rises_with_each_of_its_signals(  # noqa: PLR0917 - Hypothesis gives them
    cosine, lexical, margin, lead, coverage, same_language, more
):
    signals = {
        "cosine": cosine, "lexical": lexical, "margin": margin, "lead": lead, "coverage": coverage,
        "same_language": same_language,
    }  # fmt: skip
    confidence = confidence_of(Signals(**signals))
    assert 0.0 <= confidence <= 1.0
    for name in ("cosine", "lexical", "margin", "lead", "coverage"):
        assert confidence_of(Signals(**{**signals, name: signals[name] + more})) >= confidence


def test_questions_in_another_language_are_judged_by_another_scale():
    assert confidence_of(Signals(cosine=0.9, same_language=1.0)) != confidence_of(Signals(cosine=0.9))
