"""Questions in the content's own words, in each language that has a catalogue."""

from __future__ import annotations

from collections import Counter

import pytest

from custagent.answer.understanding.same_words import in_words_of_content
from custagent.core.answer import Question
from custagent.language import words
from custagent.locales import catalogue, languages


def asked(text: str, content: str, language: str = "en") -> str:
    counts = Counter(words(content, language))
    return in_words_of_content(text, language, lambda of: {word: counts[word] for word in words(of, language)})


@pytest.mark.parametrize(
    ("language", "text", "content", "meant"),
    [
        ("en", "What does shipping cost?", "Our delivery costs", "What does delivery cost?"),
        ("en", "Do you SHIP to Norway?", "We deliver there", "Do you deliver to Norway?"),
        ("en", "I want my money back!", "a refund", "I want my refund!"),
        ("sv", "Vad kostar frakten?", "leverans", "Vad kostar leverans?"),
        ("de", "Wie hoch sind die Versandkosten?", "Lieferkosten", "Wie hoch sind die lieferkosten?"),
    ],
)
def test_a_word_that_the_content_lacks_is_said_as_it_says_it(language, text, content, meant) -> None:
    assert asked(text, content, language) == meant


def test_the_word_that_stands_in_most_passages_is_taken() -> None:
    assert asked("Is postage free?", "shipping delivery delivery") == "Is delivery free?"
    assert asked("Is postage free?", "shipping shipping delivery") == "Is shipping free?"


def test_what_the_content_has_or_knows_no_other_word_for_stays_as_it_is() -> None:
    for content in ("shipping delivery", "shipping", "", "lamps"):
        assert asked("What does shipping cost, Ada?", content) == "What does shipping cost, Ada?"


def test_all_words_of_a_phrase_are_not_yet_the_phrase() -> None:
    content = "the money goes back by card as a refund sign in"
    assert asked("I want my money back", content) == "I want my refund"
    # Of two phrases of which all words are there nobody knows which one is meant.
    assert asked("How do I log in?", f"log {content}") == "How do I log in?"
    assert asked("How do I log in?", content) == "How do I sign in?"


def test_a_language_without_a_catalogue_is_left_alone() -> None:
    assert asked("shipping", "delivery", "xx") == "shipping"


@pytest.mark.parametrize("language", languages())
def test_each_group_is_of_different_words(language) -> None:
    for group in catalogue(language).same_words:
        stems = [tuple(words(one, language)) for one in group]
        assert len(set(stems)) == len(stems) > 1, group
        assert all(one == one.lower().strip() for one in group)


def test_the_agent_looks_for_what_the_pages_say(agent, shared_content, chunk) -> None:
    content = shared_content()
    pages = {
        "delivery.md": "Delivery costs 4 pounds.",
        "lamps.md": "A lamp needs a bulb.",
        "jobs.md": "We have no open jobs.",
    }
    for name, text in pages.items():
        content.add([chunk(text, location=name, title=text.split()[0])], source=name)
    answer = content.answerer(agent()).answer(Question(text="What does shipping cost?"))
    assert answer.candidates[0].location == "delivery.md"
    assert answer.evidence.searched == "What does delivery cost?"
