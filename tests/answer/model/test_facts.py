"""Numbers and addresses as a reader takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.model.facts import addresses, known_numbers, numbers
from custagent.locales import catalogue

EN = catalogue("en").numbers


def is_known(statement: str, evidence: str) -> bool:
    known = known_numbers(evidence, EN)
    return all(not known.isdisjoint(readings) for readings in numbers(statement, EN))


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("1000", "1,000"),
        ("1,000", "1 000"),
        ("1.000", "1\u00a0000"),
        ("1\u202f000 kr", "1000 kr"),
        ("12'500", "12,500"),
        ("1,234,567.50", "1 234 567,50"),
        ("5,95 %", "5.95 %"),
        ("249.00 kr", "249 kr"),
        ("249", "249,00 kr"),
        ("three days", "3 days"),
        ("3 days", "Three days"),
        ("10 am", "10:00–14:00"),
        ("10:00", "10.00"),
        ("1 May", "01.05.2026"),
        ("05", "5"),
        ("٣ days", "3 days"),
        ("error E07", "E07: motor"),
        ("100 MB", "Windows 10 100 MB"),
        ("10", "Windows 10 100 MB"),
        ("no number", ""),
    ],
)
def test_the_same_number_written_otherwise_is_known(statement, evidence):
    assert is_known(statement, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("7", "5"),
        ("1000", "100"),
        ("100", "1,000"),
        ("1,000", "1 and 0"),
        ("5.95", "5.9"),
        ("five days", "3 days"),
        ("10:00", "10 days"),
        ("10:30", "10:00"),
        ("1 000 000", "1 000"),
        ("24", "2 4"),
        ("15", "1.5"),
        ("2,5", "25"),
    ],
)
def test_another_number_is_not(statement, evidence):
    assert not is_known(statement, evidence)


@given(st.integers(0, 10**12))
def test_grouping_never_changes_a_number(value):
    written = [str(value), f"{value:,}", f"{value:,}".replace(",", " "), f"{value:,}".replace(",", ".")]
    for one in written:
        for other in written:
            assert is_known(one, f"It is {other}.")


@given(st.text(max_size=200))
def test_a_text_knows_its_own_numbers(text):
    assert is_known(text, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://shop.example/returns.", ["https://shop.example/returns"]),
        ("(http://shop.example/a_(b))", ["http://shop.example/a_(b"]),
        ("www.shop.example, shop.example/help", ["www.shop.example", "shop.example/help"]),
        ("write to help@shop.example!", ["help@shop.example"]),
        ("mailto:help@shop.example", ["help@shop.example"]),
        ("follow @spokes", ["@spokes"]),
        ("ftp://files.example and HTTP://SHOP.EXAMPLE", ["ftp://files.example", "HTTP://SHOP.EXAMPLE"]),
        ("请看https://shop.example。谢谢", ["https://shop.example"]),
        ("https://good.example。evil.example", ["https://good.example", "evil.example"]),
        ("https://good.example,https://evil.example", ["https://good.example,https://evil.example"]),
        ('<a href="https://evil.example">x</a>', ["https://evil.example"]),
        ("t.co/x x.com", ["t.co/x", "x.com"]),
        ("пример.рф", ["пример.рф"]),
        ("the file manual.pdf", ["manual.pdf"]),
        ("exam\u200bple.com", ["exam\u200bple.com"]),
        ("shop．example", ["shop．example"]),
        ("t.ex. en cykel, e.g. this, kl. 10.30, 5.95 and so on. Then", []),
        ("and/or 24/7 24:00 a@ @", []),
        ("", []),
    ],
)
def test_addresses(text, found):
    assert list(addresses(text)) == found


@pytest.mark.parametrize("unit", ["a.", "@", "a@", "://", "a-", "-", ".", "1 000", "1,", "1 ", "a", "www.", "١", "'1"])
def test_huge_texts_are_read_in_one_go(unit):
    # Quadratic work on this would take minutes.
    text = unit * (100_000 // len(unit))
    list(addresses(text))
    known_numbers(text, EN)
