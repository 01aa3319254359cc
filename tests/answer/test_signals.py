"""The signals of a ranking, and the confidence that they add up to (ANS-3)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.deciding.confidence import (
    CROSS_LANGUAGE,
    SAME_LANGUAGE,
    VAGUE_FROM,
    VAGUENESS,
    Calibration,
    Term,
    calibration_of,
    confidence_of,
    is_underspecified,
)
from custagent.answer.signals import ALONE, NO_RIVAL, Signals, read_signals, topic_words


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
    assert signals.lead == pytest.approx(0.9 - (0.8 + 0.7 + 0.6 + 0.5 + 0.4) / 5)
    # refund, card, take: "Cards" stands in another passage.
    assert signals.coverage == pytest.approx(2 / 3)
    assert (signals.topic_words, signals.unknown, signals.same_language) == (3.0, 0.0, 1.0)


def test_a_page_alone_has_no_rival(scored):
    signals = read_signals("refunds", "en", [scored(0.9), scored(0.5)], {})
    assert (signals.lead, signals.apart) == (NO_RIVAL, ALONE)


def test_a_page_put_first_for_another_reason_than_its_score_does_not_trail(scored):
    signals = read_signals("refunds", "en", [scored(0.88), scored(0.9, "costs")], {})
    assert signals.lead == 0.0
    assert signals.apart == read_signals("refunds", "en", [scored(0.9), scored(0.9, "costs")], {}).apart


def noise(scored, best: float, *, spread: float, pages: int) -> list:
    """A best passage over as many other pages, whose scores are 0.8 give or take the spread."""
    return [scored(best), *(scored(0.8 + spread * (-1) ** n, f"other{n}") for n in range(pages))]


def test_what_stands_out_of_the_noise_is_apart_by_how_much_the_noise_spreads(scored):
    narrow = read_signals("refunds", "en", noise(scored, 0.9, spread=0.01, pages=50), {}).apart
    wide = read_signals("refunds", "en", noise(scored, 0.9, spread=0.04, pages=50), {}).apart
    # 0.1 above the mean, in deviations of which a tenth is the usual one's, less what the best of fifty has by chance.
    by_chance = math.sqrt(2 * math.log(51))
    assert narrow == pytest.approx(0.1 / math.sqrt((50 * 0.01**2 + 5 * 0.015**2) / 55) - by_chance)
    assert wide == pytest.approx(0.1 / math.sqrt((50 * 0.04**2 + 5 * 0.015**2) / 55) - by_chance)
    assert narrow > wide


def test_the_best_of_many_has_to_stand_out_further(scored):
    few = read_signals("refunds", "en", noise(scored, 0.9, spread=0.015, pages=10), {}).apart
    many = read_signals("refunds", "en", noise(scored, 0.9, spread=0.015, pages=80), {}).apart
    assert few - many == pytest.approx(math.sqrt(2 * math.log(81)) - math.sqrt(2 * math.log(11)))


def test_of_one_page_alone_its_sections_stand_out_or_not(scored):
    sections = [scored(0.9, heading="Refunds"), *(scored(0.8, heading=f"Part {n}") for n in range(5))]
    signals = read_signals("refunds", "en", sections, {})
    assert signals.lead == pytest.approx(0.1)
    assert signals.apart > 0


def test_rare_words_count_more(scored):
    rarity = {"en": {"refund": 1.0, "kenya": 9.0}}
    signals = read_signals("refunds in Kenya?", "en", [scored(0.9)], rarity)
    assert signals.coverage == pytest.approx(0.1)
    assert read_signals("refunds in Kenya?", "en", [scored(0.9)], {}).coverage == pytest.approx(0.5)


def test_a_word_is_unknown_when_no_passage_that_was_found_holds_it(scored):
    elsewhere = [scored(0.9), scored(0.5, "bikes", "Cykelverkstaden in KENYA.")]
    assert read_signals("refunds in Kenya?", "en", [scored(0.9)], {}).unknown == pytest.approx(0.5)
    assert read_signals("refunds in Kenya?", "en", elsewhere, {}).unknown == 0.0
    # Part of a compound is known well enough.
    assert read_signals("verkstad", "sv", elsewhere, {}).unknown == 0.0
    assert read_signals("How much is it?", "en", [scored(0.9)], {}).unknown == 0.0


def test_a_short_word_is_not_known_from_the_middle_of_others(scored):
    assert read_signals("PIN", "en", [scored(0.9, text="Shopping")], {}).unknown == 1.0
    assert read_signals("PIN", "en", [scored(0.9, text="Your pins")], {}).unknown == 0.0
    # Its stem is "warranti".
    assert read_signals("warranty?", "en", [scored(0.9, text="The warranty ends.")], {}).unknown == 0.0


def test_a_passage_under_a_question_is_judged_by_how_much_of_the_question_it_holds(scored):
    asked = "refunds in Kenya?"
    assert read_signals(asked, "en", [scored(0.9)], {}).other_question == 0.0
    assert read_signals(asked, "en", [scored(0.9, heading="Do refunds cost?")], {}).other_question == pytest.approx(0.5)
    assert read_signals(asked, "en", [scored(0.9, question="Refunds?")], {}).other_question == pytest.approx(0.5)
    assert read_signals(asked, "en", [scored(0.9, heading="Refunds in Kenya?")], {}).other_question == 0.0


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


@pytest.mark.parametrize("same_language", [1.0, 0.0])
def test_the_parts_of_the_signals_add_up_to_the_confidence(same_language):
    signals = Signals(cosine=0.9, lexical=0.4, apart=2.0, lead=0.03, coverage=0.3, same_language=same_language)
    calibration = calibration_of(signals)
    odds = calibration.intercept + sum(calibration.parts(signals).values())
    assert calibration.parts(signals).keys() == {term.signal for term in calibration.terms}
    assert calibration.log_odds(signals) == pytest.approx(odds)
    assert confidence_of(signals) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_a_signal_that_is_as_usual_says_nothing_and_one_beyond_its_cap_no_more():
    calibration = Calibration(intercept=1.0, terms=(Term(signal="apart", weight=2.0, usual=1.5, cap=3.0),))
    assert calibration.parts(Signals(apart=1.5)) == {"apart": 0.0}
    assert calibration.parts(Signals(apart=3.0)) == calibration.parts(Signals(apart=9.0)) == {"apart": 3.0}


unit = st.floats(0, 1)
FOR = ("cosine", "lexical", "lead", "apart", "coverage")
AGAINST = ("unknown", "other_question")


@given(st.fixed_dictionaries(dict.fromkeys((*FOR, *AGAINST), unit)), st.sampled_from([0.0, 1.0]), unit)
def test_confidence_is_a_probability_that_moves_with_each_of_its_signals(values, same_language, more):
    signals = {**values, "same_language": same_language}
    confidence = confidence_of(Signals(**signals))
    assert 0.0 <= confidence <= 1.0
    for name in FOR:
        assert confidence_of(Signals(**{**signals, name: signals[name] + more})) >= confidence - 1e-12
    for name in AGAINST:
        changed = Signals(**{**signals, name: signals[name] + more})
        assert confidence_of(changed) <= confidence + 1e-12


def test_questions_in_another_language_are_judged_by_another_scale():
    assert confidence_of(Signals(cosine=0.9, same_language=1.0)) != confidence_of(Signals(cosine=0.9))


def test_a_thing_that_nobody_named_is_asked_back_about_unless_the_content_settles_it():
    found = {"same_language": 1.0, "lexical": 0.3, "coverage": 0.6, "apart": 1.7}
    assert is_underspecified(Signals(cosine=0.84, unsettled=1.0, **found))
    assert not is_underspecified(Signals(cosine=0.96, unsettled=1.0, **found))
    assert not is_underspecified(Signals(cosine=0.84, **found))


def test_it_is_not_asked_back_about_where_the_content_knows_nothing_of_the_kind():
    signals = Signals(cosine=0.6, unsettled=1.0, same_language=1.0)
    assert VAGUENESS.probability(signals) > VAGUE_FROM
    assert not is_underspecified(signals)


def test_the_less_of_it_was_talked_about_the_likelier_it_is_unclear():
    little, much = Signals(cosine=0.85, unsettled=0.2), Signals(cosine=0.85, unsettled=0.9)
    assert 0.0 < VAGUENESS.probability(little) < VAGUENESS.probability(much) < 1.0


def test_who_says_who_they_are_asks_nothing_else_for_it(scored):
    found = [scored(0.9, heading="How long is the warranty?")]
    for asked in ("How long is the warranty?", "I am Ada Lovelace, order 4711. How long is the warranty? Thanks, Ada"):
        assert read_signals(asked, "en", found, {}).other_question == 0.0
    assert read_signals("How long is the frame's warranty?", "en", found, {}).other_question == pytest.approx(0.5)
