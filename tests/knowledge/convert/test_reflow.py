"""Paragraphs from broken lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.knowledge.convert.reflow import line_width, reflow


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["A line that fills the whole width of it", "goes on here."], "A line that fills the whole width of it goes on here."),
        (["It ends early.", "A new paragraph begins."], "It ends early.\n\nA new paragraph begins."),
        (["one", "", "two"], "one\n\ntwo"),
        (["Needed are these things and nothing else:", "• pump", "◦ tube", "2) patience"],
         "Needed are these things and nothing else:\n- pump\n- tube\n2) patience"),
        (["Main Street 1", "123 Town"], "Main Street 1\n123 Town"),
    ],
)  # fmt: skip
def test_reflow(lines, expected):
    assert reflow(lines, 40) == expected


@given(st.lists(st.text(alphabet="ab .:•-1", max_size=40), max_size=12))
def test_no_word_is_lost_or_joined(lines):
    def words(text: str) -> list[str]:
        return text.replace("•", " ").replace("-", " ").split()

    assert words(reflow(lines, line_width(lines))) == words(" ".join(lines))
