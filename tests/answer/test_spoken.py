"""The words of a message, however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.spoken import PAUSE, folded, plain, says, sentences


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Är NÅGON där?", "ar nagon dar"),
        ("Straße, ŒUVRE, Łódź, Ærø", "strasse oeuvre lodz aero"),
        ("I’d like", "i'd like"),
        ("ﬁle\u00ad\u200bname", "filename"),
        ("", ""),
    ],
)
def test_accents_and_spellings_do_not_count(text, words):
    assert folded(text) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello. A person, please!", [["hello"], ["a", "person", PAUSE, "please"]]),
        ("12 kr pr. person", [["12", "kr", "pr", "person"]]),
        ("talk to\na person", [["talk", "to", "a", "person"]]),
        ("y a-t-il quelqu’un ?", [["y", "a", "t", "il", "quelqu", "un"]]),
        ("one - two (three)", [["one", PAUSE, "two", PAUSE, "three", PAUSE]]),
        ("¿Qué? ¡No!", [["que"], ["no"]]),
        ("...", []),
        (", ,", []),
    ],
)
def test_sentences_end_and_pause(text, expected):
    assert sentences(text) == expected


def test_a_phrase_is_said_in_whole_words():
    assert says(plain("I'd SUE you"), "sue")
    assert not says(plain("an issue"), "sue")
    assert not says(plain("anything"), "!!!")


@given(st.text(max_size=300))
def test_reading_again_changes_nothing(text):
    assert plain(plain(text)) == plain(text)
    assert folded(folded(text)) == folded(text)
    assert [word for words in sentences(text) for word in words if " " in word] == []
