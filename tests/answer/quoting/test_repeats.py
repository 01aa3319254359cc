"""What says the same as something that has been said, and what only looks like it."""

from __future__ import annotations

import pytest

from custagent.answer.quoting.repeats import Statement

SAID = "Returns are free of charge within 30 days of delivery."


@pytest.mark.parametrize(
    "again",
    [
        SAID,
        "Return is free of charge, within 30 days of the delivery!",
        "A return within 30 days of the delivery is free of charge.",
    ],
)
def test_the_same_in_nearly_the_same_words_is_said(again):
    assert Statement(again, "en").is_said_by(Statement(SAID, "en"))


@pytest.mark.parametrize(
    "other",
    [
        "Returns are free of charge within 14 days of delivery.",
        "Returns are not free of charge within 30 days of delivery.",
        "Returns of helmets are free of charge within 30 days of delivery.",
        "Exchanges are free of charge within 30 days of delivery.",
        "Returns are free of charge within thirty-one days of delivery.",
    ],
)
def test_another_word_number_or_a_not_is_another_statement(other):
    assert not Statement(other, "en").is_said_by(Statement(SAID, "en"))


def test_a_few_words_are_no_statement():
    assert not Statement("Yes.", "en").is_said_by(Statement("Yes.", "en"))


def test_a_long_sentence_that_happens_to_hold_the_words_does_not_say_it():
    long = "The delivery of returns charges the workshop, the driver, the depot, the scale and the gate free of dust."
    assert not Statement("Returns free: delivery charge.", "en").is_said_by(Statement(long, "en"))


def test_a_language_without_a_catalogue_is_compared_by_its_words():
    assert Statement("A visszaküldés ingyenes 30 napig.", "hu").is_said_by(
        Statement("A visszaküldés 30 napig ingyenes.", "hu")
    )
