"""What unquoted words mean."""

from __future__ import annotations

from datetime import date
from math import isnan

import pytest

from custagent.config.scalars import plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("tRUE", "tRUE"), ("nULL", "nULL"),
        ("17:00", "17:00"), ("1:30:15", "1:30:15"), ("17", 17), ("-3", -3), ("+3", 3), ("017", 17), ("0o17", 15),
        ("0x1F", 31), ("0b101", 5), ("1_000", 1000), ("-1_0", -10), ("_1", "_1"), ("1.5", 1.5), ("1.", 1.0),
        (".5", 0.5), ("1e3", 1000.0), ("1E-3", 0.001), (".5e3", ".5e3"), ("1_0.5", 10.5), (".inf", float("inf")),
        ("-.inf", float("-inf")), ("-.nan", "-.nan"), ("1.2.3", "1.2.3"), ("-", "-"), ("+", "+"), ("...", "..."),
        ("2026-12-01", date(2026, 12, 1)), ("2026-1-1", "2026-1-1"), ("12-01-2026", "12-01-2026"), ("24h", "24h"),
        ("1e", "1e"), ("0xZZ", "0xZZ"), ("hello", "hello"), ("é", "é"),
    ],
)  # fmt: skip
def test_reads_the_core_schema(text: str, value: object) -> None:
    read = plain(text)
    assert read == value
    assert type(read) is type(value)


def test_reads_not_a_number() -> None:
    value = plain(".nan")
    assert isinstance(value, float)
    assert isnan(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-13-01", "no calendar has the day 2026-13-01"),
        ("2026-12-01 17:00:00", "date with a time of day"),
        ("2026-12-01T17:00:00Z", "date with a time of day"),
        ("-_", "no number that can be read"),
        ("0b_", "no number that can be read"),
        ("9" * 5000, "no number that can be read"),
        ("<<", "merging with << is not supported"),
        ("=", "belongs into quotes"),
    ],
)
def test_refuses_what_readers_differ_about(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        plain(text)
    assert len(str(caught.value)) < 150
