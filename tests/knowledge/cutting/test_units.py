"""Units of a text: paragraphs, items with the lines they go on in, rows, sentences; and what leads on to another."""

from __future__ import annotations

import pytest

from custagent.knowledge.cutting.units import is_lead, size_of, units


def texts(text: str, target: int = 30, most: int = 60) -> list[str]:
    return [text[start:stop] for start, stop in units(text, target=target, most=most)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One paragraph.\n\nAnother one.", ["One paragraph.", "Another one."]),
        ("One.\n \n\t\n  indented", ["One.", "  indented"]),
        ("- first item of the list\n  goes on here\n- second item", ["- first item of the list\n  goes on here", "- second item"]),
        ("- outer item of the list\n  - inner item of the list", ["- outer item of the list", "  - inner item of the list"]),
        ("1. first of the steps\n   goes on\n2. second", ["1. first of the steps\n   goes on", "2. second"]),
        ("A sentence that is wrapped\nover two lines. Next one.", ["A sentence that is wrapped\nover two lines.", "Next one."]),
        ("Country: Norway; Price: 49\nCountry: Sweden; Price: 0", ["Country: Norway; Price: 49", "Country: Sweden; Price: 0"]),
        ("def one():\n    return 1\n    # the end of it", ["def one():", "    return 1", "    # the end of it"]),
        ("", []),
        (" \n\t\n ", []),
    ],
)  # fmt: skip
def test_units(text, expected):
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("unit", "following", "leads"),
    [
        ("The prices are:", "Norway 49", True), ("How much is it?", "It is free.", True), ("价格是多少？", "免费。", True),
        ("Prices of delivery", "They depend on the weight of the parcel.", True), ("Prices", "word " * 30, True),
        ("Oslo", "Bergen", False), ("- Oslo", "Text that ends.", False), ("a; b", "Text that ends.", False),
        ("It ends.", "Text that ends.", False), ("word " * 30, "Text that ends.", False), ("12", "Text that ends.", False),
        ("two\nlines", "Text that ends.", False),
    ],
)  # fmt: skip
def test_what_leads_on(unit, following, leads):
    text = f"{unit}\n\n{following}"
    start = len(unit) + 2
    assert is_lead(text, (0, len(unit)), (start, len(text))) is leads


def test_dense_signs_count_twice():
    assert (size_of("abc"), size_of("汉字a"), size_of("汉字a", 1)) == (3, 5, 3)
