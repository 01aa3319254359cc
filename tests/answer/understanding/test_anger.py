"""Anger is heard, and dissatisfaction is not taken for it."""

from __future__ import annotations

import pytest

from custagent.answer.spoken import folded_phrase
from custagent.locales import catalogue, languages


@pytest.mark.parametrize(("file", "share"), [("wishes_fit.tsv", 0.98), ("wishes_held_out.tsv", 0.9)])
def test_anger_is_heard(sentences_of, triggered, file, share):
    told = sentences_of(file, "angry")
    heard = [text for language, text in told if triggered(text, language).angry]
    assert len(heard) / len(told) >= share
    assert {language for language, _ in told} == set(languages())


@pytest.mark.parametrize("file", ["wishes_fit.tsv", "wishes_held_out.tsv"])
def test_no_more_than_dissatisfied_is_not_angry(sentences_of, triggered, file):
    told = sentences_of(file, "mild", "mention")
    assert [text for language, text in told if triggered(text, language).angry] == []


@pytest.mark.parametrize(
    ("text", "angry"),
    [
        ("this is useless, I want my money back NOW", True),
        ("this is useless", False),
        ("this is useless!!", True),
        ("THIS IS USELESS", True),
        ("this is useless 😡", True),
        ("this is useless and a waste of time", True),
        ("I want my money back", False),
        ("my money back? My money back?", False),
        ("where is the NASA hoodie? It is terrible quality", False),
        ("HELLO!!!", False),
        ("WHERE IS MY PARCEL NOW", False),
        ("what the hell", True),
        ("Is the colour called hell blue?", False),
        ("fuckin' thing", True),
        ("you are thieves", True),
        ("you guys are really pathetic", True),
        ("I saw thieves in the yard", False),
        ("are you open? The weather is terrible", False),
    ],
)
def test_a_complaint_takes_another_or_shouting_beside_it(triggered, text, angry):
    assert triggered(text, "en").angry is angry


def test_a_complaint_counts_in_the_messages_own_language_only(triggered):
    # "robo" is robbery in Spanish, "dom" is stupid in Dutch.
    assert not triggered("Are robo-advisors insured?! Are they?!", "en").angry
    assert triggered("¡¡Esto es un desastre!!", "es").angry


@pytest.mark.parametrize("language", languages())
def test_no_curse_is_an_ordinary_word_of_another_language(language):
    curses = {folded_phrase(curse) for curse in catalogue(language).curses}
    for other in languages():
        texts = catalogue(other)
        ordinary = {folded_phrase(word) for word in (*texts.stop_words, *texts.cues, *texts.greetings, *texts.thanks)}
        assert curses.isdisjoint(ordinary), other
