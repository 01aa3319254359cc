"""The writer's own words in a pasted mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.spoken import plain
from custagent.answer.understanding.mail import own_words
from custagent.locales import catalogue, languages

ASKED = "Hello,\nhow do I return my bike?"


@pytest.mark.parametrize(
    "rest",
    [
        "\n\nOn Mon, 3 Nov 2025 at 10:11, Ada <ada@spokes.example> wrote:\n> Please talk to a person.\n> Ada",
        "\n\nOn Mon, 3 Nov 2025 at 10:11, Ada from Spokes <ada@spokes.example>\nwrote:\n\n> Please talk to a person.",
        "\n\nAm 03.11.2025 um 10:11 schrieb Ada <ada@spokes.example>:\n> Bitte sprechen Sie mit jemandem.",
        "\n\nDen mån 3 nov. 2025 kl 10:11 skrev Ada <ada@spokes.example>:\n> Prata med en människa.",
        "\n\nLe lun. 3 nov. 2025 à 10:11, Ada <ada@spokes.example> a écrit :\n> Parlez à quelqu'un.",
        "\n\n-----Original Message-----\nFrom: Ada\nSent: Monday\n\nPlease talk to a person.",
        "\n\n________________________________\nFrom: Ada <ada@spokes.example>\nSent: Monday\n\nPlease talk to a person.",
        "\n\nBegin forwarded message:\n\nFrom: Ada\nPlease talk to a person.",
        "\n-- \nGrace Hopper\nNavy",
        "\n--\nGrace",
        "\n\nBest regards,\nGrace Hopper\n+1 555 0100",
        "\n\nMit freundlichen Grüßen\nGrace",
        "\n\nKind regards\n\nOn 3 Nov 2025, Ada wrote:\n> Is it broken?",
        "\n\nSent from my iPhone",
        "\n\nSkickat från min iPhone",
        "\n> quoted between\n> the lines",
    ],
)
def test_quotations_and_signatures_are_not_the_writers_words(rest):
    assert own_words(ASKED + rest) == ASKED


@pytest.mark.parametrize(
    "text",
    [
        "How do I return my bike?",
        "How do I return it?\nThanks\nAnd how do I cancel?",
        "I have two questions:\nHow do I return it?",
        "My note of 3 May said:\nreturns are free.",
        "I saw this on page 3:\nReturns are free",
        "Order: 4711\nName: Grace\nHow do I return it?",
        "> everything\n> is quoted",
        "Best regards,\nGrace",
        "-- \nGrace",
        "",
    ],
)
def test_what_is_no_mail_stays_as_it_is(text):
    assert own_words(text) == text


@pytest.mark.parametrize("language", languages())
def test_letters_in_every_language_end(language):
    words = catalogue(language).mail
    for regards in words["regards"]:
        assert own_words(f"{ASKED}\n\n{regards.capitalize()},\nGrace Hopper") == ASKED, regards
    for verb in words["wrote"]:
        assert own_words(f"{ASKED}\n\n3.11.2025 10:11 Ada <ada@spokes.example> {verb}:\n> old") == ASKED, verb
    for heading in words["original"]:
        assert own_words(f"{ASKED}\n\n----- {heading.capitalize()} -----\nold") == ASKED, heading
    for sent in words["sent_from"]:
        assert own_words(f"{ASKED}\n\n{sent.capitalize()} iPhone") == ASKED, sent


@given(st.text(alphabet=st.sampled_from("a ?:>\n-_@1"), max_size=80))
def test_whatever_is_written_something_of_it_is_left(text):
    own = own_words(text)
    assert bool(plain(own)) == bool(plain(text))
    assert own_words(own) == own or own in text


def test_a_huge_letter_is_read_in_one_go():
    assert own_words(ASKED + "\n> quoted" * 100_000) == ASKED
