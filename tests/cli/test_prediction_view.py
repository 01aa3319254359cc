"""Two replies are shown where they part, not where they are the same."""

from __future__ import annotations

import pytest

from custagent.cli.prediction_view import _sources_apart, _texts_apart


def test_texts_begin_a_little_before_the_first_word_that_differs() -> None:
    same = "Here is what our pages say: a refund takes"
    assert _texts_apart(f"{same} five days.", f"{same} six days.") == (
        "… say: a refund takes five days.",
        "… say: a refund takes six days.",
    )
    assert _texts_apart("Five days.", "Six days.") == ("Five days.", "Six days.")
    assert _texts_apart("Five days.", "Five days. And more.") == ("Five days.", "Five days. And more.")


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        (("a", "b"), ("a", "c"), ("b", "c")),
        (("a", "b"), ("a",), ("b", "nothing else")),
        (("a", "b"), ("b", "a"), ("a, b", "b, a")),
        ((), ("a",), ("nothing else", "a")),
    ],
)
def test_only_pages_that_one_of_them_cites_are_shown(
    before: tuple[str, ...], now: tuple[str, ...], shown: tuple[str, str]
) -> None:
    assert _sources_apart(before, now) == shown
