"""Character sets: mark, declaration, trial."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.knowledge.convert.charset import decode


def text(body: bytes, charset: str = "", *, language: str = "", markup: bool = False) -> str:
    return decode(RawContent(location="x", body=body, charset=charset), language=language, markup=markup)


@pytest.mark.parametrize(
    ("body", "charset", "language", "expected"),
    [
        ("åäö".encode(), "", "", "åäö"),
        ("åäö".encode("utf-8-sig"), "latin-1", "", "åäö"),
        ("åäö".encode("utf-16"), "", "", "åäö"),
        ("\ufeffåäö".encode("utf-16-be"), "", "", "åäö"),
        ("åäö".encode("cp1252"), "", "", "åäö"),
        ("“€”".encode("cp1252"), "ISO-8859-1", "", "“€”"),
        ("пароль".encode("cp1251"), "windows-1251", "", "пароль"),
        ("пароль".encode("cp1251"), "", "ru", "пароль"),
        ("žluť".encode("cp1250"), "", "cs", "žluť"),
        ("日本".encode("cp932"), "shift_jis", "", "日本"),
        ("åäö".encode(), "no-such-charset", "", "åäö"),
        ("åäö".encode(), "unicode_escape", "", "åäö"),
        ("åäö".encode(), "rot13", "", "åäö"),
        ("åäö".encode(), "ascii\x00", "", "åäö"),
        ("åäö".encode("cp1252"), "utf-8", "", "åäö"),
        ("å".encode() * 100 + b"\xff", "", "", "å" * 100 + "\ufffd"),
    ],
)
def test_decode(body, charset, language, expected):
    assert text(body, charset, language=language) == expected


@pytest.mark.parametrize(
    "head",
    ["<meta charset='windows-1251'>", '<META http-equiv=x content="text/html; charset=windows-1251">',
     "<?xml version='1.0' encoding='windows-1251'?>"],
)  # fmt: skip
def test_a_declaration_inside_counts_in_markup_only(head):
    body = (head + "пароль").encode("cp1251")
    assert text(body, markup=True).endswith("пароль")
    assert not text(body).endswith("пароль")


def test_the_servers_word_comes_before_the_pages():
    assert text("<meta charset=cp1251>åä".encode(), "utf-8", markup=True).endswith("åä")


@given(st.binary(max_size=200), st.text(max_size=10))
def test_decoding_never_fails(body, charset):
    assert isinstance(text(body, charset, markup=True), str)
