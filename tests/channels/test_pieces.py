"""Long replies in pieces: short enough for the service, cut where a person would, and no address broken."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.pieces import length, pieces

WORDS = st.lists(
    st.sampled_from(
        ["Two", "years.", "\n\n", "\n", "😀", "e\u0301", "https://northwind.example/help/returns?a=1", "och", "😀" * 7]
    ),
    max_size=60,
)


@given(WORDS, st.integers(45, 80))
def test_pieces_hold_everything_in_order_and_break_no_address(words, longest):
    text = " ".join(words)
    cut = pieces(text, longest)
    assert all(piece and length(piece) <= longest for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())
    addresses = re.findall(r"https?://\S+", text)
    assert [found for piece in cut for found in re.findall(r"https?://\S+", piece)] == addresses


@given(st.text(max_size=60), st.integers(2, 20))
def test_any_text_can_be_cut(text, longest):
    cut = pieces(text, longest)
    assert all(length(piece) <= longest for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_it_is_cut_at_paragraphs_first():
    text = "One. Two.\nThree.\n\nFour. Five."
    assert pieces(text, 25) == ("One. Two.\nThree.", "Four. Five.")
    assert pieces(text, 100) == (text,)
    assert pieces("One. Two.\nThree.", 14) == ("One. Two.", "Three.")
    assert pieces("One two. Three four", 12) == ("One two.", "Three four")
    assert pieces("a " + "b" * 10, 6) == ("a", "bbbbbb", "bbbb")
    assert pieces("  ", 6) == ()


def test_what_looks_like_one_character_stays_one():
    assert pieces("ab" + "e\u0301", 3) == ("ab", "e\u0301")
    assert pieces("👩\u200d🔧" * 2, 6) == ("👩\u200d🔧", "👩\u200d🔧")


def test_an_address_longer_than_a_message_is_cut_all_the_same():
    assert pieces("https://a.example/" + "b" * 10, 20) == ("https://a.example/bb", "b" * 8)
