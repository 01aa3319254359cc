"""Quotes: word for word, bounded, whole where they can be (ANS-4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.extract import QUOTE_CHARS, extract
from custagent.answer.signals import topic_words
from custagent.sentences import sentences

FILLER = "The basket shows the exact price before you pay, and it never changes afterwards."


def paragraph(sentence_count: int, *, about: str = "") -> str:
    return " ".join([FILLER] * sentence_count + [about] * bool(about))


@pytest.fixture(scope="session")
def quote(chunk):
    def make(asked: str, text: str, **rest) -> str:
        made = chunk(text, **rest)
        return extract(topic_words(asked, made.language), made)

    return make


def test_a_short_passage_is_quoted_whole(quote):
    text = "  Refunds take five days.\n\n- Card\n-  Invoice "
    assert quote("How long do refunds take?", text) == text


def test_a_short_answer_is_quoted_whole_whatever_its_length(quote):
    text = paragraph(40)
    assert quote("What does it cost?", text, question="What does it cost?") == text


def test_the_sentence_that_answers_is_in_the_quote_of_a_long_passage(quote):
    needle = "Cargo bikes are delivered by lorry on Tuesdays."
    text = paragraph(12) + "\n\n" + needle + " " + paragraph(12)
    quoted = quote("When are cargo bikes delivered?", text)
    assert quoted.startswith(needle)
    assert QUOTE_CHARS / 2 < len(quoted) <= QUOTE_CHARS


def test_the_quote_begins_at_the_beginning_where_that_leaves_room_for_the_answer(quote):
    text = "It depends on the country. " + paragraph(2) + "\n\nNorway takes nine days.\n\n" + paragraph(12)
    quoted = quote("How long does Norway take?", text)
    assert quoted.startswith("It depends on the country.")
    assert "Norway takes nine days." in quoted


def test_a_question_in_the_text_is_quoted_with_its_answer(quote):
    faq = "\n\n".join(
        [paragraph(4), "Can I return a helmet?", "Yes, unless it has been worn. Send it in its box.", paragraph(8)]
    )
    quoted = quote("May I return my helmet?", faq)
    assert quoted.startswith("Can I return a helmet?\n\nYes, unless it has been worn.")


def test_the_answer_of_an_faq_starts_at_its_beginning(quote):
    text = "Yes. " + paragraph(4) + " A refund goes to the card that paid. " + paragraph(8)
    assert quote("Will the refund go to my card?", text, heading="Do I get a refund?").startswith("Yes. ")


STEPS = "\n".join(f"{number}. Turn the screw number {number} to the left and take it out." for number in range(1, 9))


def test_the_steps_stay_together_with_what_announces_them(quote):
    text = f"{paragraph(8)}\n\nTo take off the wheel:\n{STEPS}\n\n{paragraph(8)}"
    quoted = quote("Which way do I turn screw number 5 to take it out?", text)
    assert quoted.startswith(f"To take off the wheel:\n{STEPS}")


def test_steps_announced_in_a_paragraph_of_its_own_stay_together_too(quote):
    text = f"{paragraph(8)}\n\nTo take off the wheel:\n\n{STEPS}\n\n{paragraph(8)}"
    quoted = quote("Which way do I turn screw number 5 to take it out?", text)
    assert quoted.startswith(f"To take off the wheel:\n\n{STEPS}")


def test_a_list_that_follows_is_taken_whole_or_not_at_all_and_then_not_announced(quote):
    text = f"Wheels come off with a key. {paragraph(4)}\n\nYou need:\n{STEPS}"
    quoted = quote("How do wheels come off, with a key?", text)
    assert "Turn the screw" not in quoted
    assert quoted.endswith(FILLER)


def test_the_row_asked_about_is_in_the_quote_of_a_long_table(quote):
    rows = [
        f"Country: Land{number}; Up to 2 kg: {number} kr; 2–10 kg: {number * 2} kr; Bike: {number * 9} kr"
        for number in range(60)
    ]
    quoted = quote("What does a bike to Land47 cost?", "\n".join(rows))
    assert rows[47] in quoted.split("\n")
    assert len(quoted) <= QUOTE_CHARS
    assert set(quoted.split("\n")) <= set(rows)


def test_a_table_that_fits_is_whole(quote):
    rows = "\n".join(f"Country: Land{number}; Price: {number} kr" for number in range(12))
    quoted = quote("What is the price for Land9?", f"{paragraph(10)}\n\n{rows}\n\n{paragraph(10)}")
    assert rows in quoted


def test_without_a_word_in_common_the_quote_is_the_beginning(quote):
    text = paragraph(20)
    quoted = quote("Wie lange dauert das?", text)
    assert text.startswith(quoted)
    assert len(quoted) > QUOTE_CHARS / 2


def test_one_long_sentence_is_not_cut(quote):
    sentence = "Refunds " + "and more refunds " * 60 + "end here."
    assert quote("refunds", sentence) == sentence


def test_blanks_are_quoted_as_they_are(quote):
    assert quote("refunds", " " * 1000) == " " * 1000


def test_the_quote_does_not_depend_on_the_order_of_a_set(quote, chunk):
    words = ["alpha", "beta", "gamma", "delta", "epsilon"]
    made = chunk("\n".join(f"{first} {second} {'x' * 90}" for first in words for second in words))
    quotes = {extract(frozenset(order), made) for order in (words, words[::-1], sorted(words, key=hash))}
    assert len(quotes) == 1


PIECES = st.sampled_from(
    ["Refunds take 5 days.", "- a list item with refunds", "1. First step.", "Country: Norway; Price: 49 kr", "You need:",
     "Why?", "免费。配送需要三天。", "e.g. this, kr. 5", "\t", " ", "  spaced   out.  ", "Long sentence " * 30 + "."]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=1500),
        st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", "\n \n"])), max_size=40).map(
            lambda parts: "".join(part for pair in parts for part in pair)
        ),
    ),
    st.sampled_from(["refunds norway", "step", ""]),
)
def test_every_quote_stands_in_the_passage_to_the_letter_and_is_bounded(quote, text, question):
    quoted = quote(question, text)
    assert quoted in text
    longest = max((len(sentence) for line in text.split("\n") for sentence in sentences(line)), default=0)
    assert len(quoted) <= max(QUOTE_CHARS, longest) or not text.strip()
    assert bool(quoted.strip()) == bool(text.strip())
