"""Tables in text: their rows, what heads them, and the ranges in which a number lies."""

from __future__ import annotations

import pytest

from custagent.answer.quoting.tables import in_ranges, table_in


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        (["Country: Norway; Price: 49 kr", "Country: Sweden; Price: 39 kr"], set()),
        (["Prices 2026", "Country: Norway; Price: 49 kr", "Country: Sweden; Price: 39 kr"], {0}),
        (["Country | Price", "--- | ---", "Norway | 49 kr", "Sweden | 39 kr"], {0, 1}),
        (["Prices 2026", "Country\tPrice", "Norway\t49 kr", "Sweden\t39 kr"], {0, 1}),
        (["Country      Price", "Norway       49 kr", "Sweden       39 kr"], {0}),
    ],
)
def test_a_table_is_found_with_what_heads_it(lines, headers):
    found = table_in(lines)
    assert found is not None
    assert found.headers == headers


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Country: Norway; Price: 49 kr"],
        ["It costs 49 kr; that is: not much.", "We ship on Monday.", "And on Tuesday."],
        ["Storgatan 4", "503 38 Borås", "Sweden"],
        ["one | two", "three | four"],
    ],
)
def test_other_lines_are_none(lines):
    assert table_in(lines) is None


@pytest.mark.parametrize(
    ("question", "row", "inside"),
    [
        ("I am 172 cm tall", "Height: 166–176 cm; Size: M", True),
        ("I am 176 cm tall", "Height: 166–176 cm; Size: M", True),
        ("I am 177 cm tall", "Height: 166–176 cm; Size: M", False),
        ("3,5 kg to Norway", "2-4 kg: 49 kr", True),
        ("Which size?", "Height: 166–176 cm", False),
        ("172 cm", "Height: 172 cm", False),
        ("at 12:30", "10–20 kg", False),
    ],
)
def test_a_number_lies_within_a_range_or_not(question, row, inside):
    assert in_ranges(question, row) is inside
