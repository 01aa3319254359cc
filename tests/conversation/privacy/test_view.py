"""A view shows one spelling of everything, and knows the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.view import BARRIER, PLACEHOLDERS, view
from custagent.core.privacy import MaskKind


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("４１１１", "4111"),
        ("٤١١١ ۴۱۱۱ ४१११", "4111 4111 4111"),
        ("𝟒𝟏𝟏𝟏", "4111"),
        ("41\u200b1\u200d1", "4111"),
        ("4\u00ad1\u20601\ufeff1", "4111"),
        ("4\ufe0f\u20e31\ufe0f\u20e3", "41"),
        ("4\u03361\u03361", "411"),
        ("4\u034f1", "41"),
        ("4111\u00a01111\u20091111", "4111 1111 1111"),
        ("4111‐1111–1111−1111", "4111-1111-1111-1111"),
        ("ＰＩＮ：１", "PIN:1"),
        ("lo\u0308senord", "lösenord"),
        ("a\ue000b", "a\ufffdb"),
        ("\ud800", "\ud800"),
    ],
)
def test_spellings_are_evened_out(written: str, shown: str) -> None:
    assert view(written).text == shown


@pytest.mark.parametrize(
    ("written", "folded"),
    [("LÖSENORD", "losenord"), ("Hasło", "haslo"), ("Contraseña", "contrasena"), ("Straße", "strase"), ("İK", "ik")],
)
def test_folding_keeps_the_length(written: str, folded: str) -> None:
    assert view(written).folded == folded


def test_a_stretch_leads_back_to_all_that_it_was_written_with() -> None:
    seen = view("é 4\u200b1\u200b1 x")
    start = seen.text.index("411")
    back = seen.original(Found(kind=MaskKind.PASSWORD, start=start, end=start + 3))
    assert (back.start, back.end) == (2, 7)


@pytest.mark.parametrize("placeholder", PLACEHOLDERS.values())
def test_what_was_masked_before_is_closed_off(placeholder: str) -> None:
    assert view(f"a{placeholder}é").text == f"a{BARRIER * len(placeholder)}é"


@given(st.text())
def test_every_character_has_its_place(text: str) -> None:
    seen = view(text)
    assert len(seen.text) == len(seen.folded) == len(seen.starts) == len(seen.ends)
    assert all(start < end for start, end in zip(seen.starts, seen.ends, strict=True))
    assert all(before <= after for before, after in zip(seen.ends, seen.starts[1:], strict=False))
