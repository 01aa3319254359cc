"""Tables in a passage's text: which lines are rows, and which ones they cannot be read without."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: "Country: Norway; Price: 49 kr": each value stands with its heading (`core.document.Section.text`).
_HEADED_ROW = re.compile(r"[^;:]+: .+?; \S")
#: Cells that the page left side by side: between bars, tabs or wide gaps.
_CELLS = re.compile(r"\s*\|\s*|\t+|(?<=\S) {3,}(?=\S)")
_RULE = re.compile(r"[\s|+:=-]+")
#: "166–176 cm"
_RANGE = re.compile(r"(?<![\d.,])(\d{1,6}(?:[.,]\d+)?)\s?[–—-]\s?(\d{1,6}(?:[.,]\d+)?)(?![\d.])")
_NUMBER = re.compile(r"(?<![\w.,:])\d{1,6}(?:[.,]\d+)?(?![\w:])(?![.,]\d)")
_FEWEST_CELLS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of `lines`; each line that is no header is a row."""

    #: The indices of its caption and header rows.
    headers: frozenset[int]


def table_in(lines: Sequence[str]) -> Table | None:
    """The table that the lines of one paragraph are; None: they are none."""
    rows = [index for index, line in enumerate(lines) if _HEADED_ROW.match(line)]
    if len(rows) > 1 and len(rows) * 2 >= len(lines):
        return Table(headers=frozenset(range(rows[0])))
    cells = [len(_cells(line)) for line in lines]
    rows = [index for index, count in enumerate(cells) if count >= _FEWEST_CELLS or _RULE.fullmatch(lines[index])]
    if len(rows) > _FEWEST_CELLS and len(rows) * 4 >= len(lines) * 3 and rows[0] <= 1:
        # The first row names the columns; a line above it is the caption, one of dashes below it belongs to it.
        last = rows[0]
        while last + 1 < len(lines) and _RULE.fullmatch(lines[last + 1]):
            last += 1
        return Table(headers=frozenset(range(last + 1)))
    return None


def in_ranges(question: str, row: str) -> bool:
    """Whether a number of the question lies within a range of the row: 172 in "166–176 cm"."""
    ranges = [(_value(low), _value(high)) for low, high in _RANGE.findall(row)]
    numbers = [_value(number) for number in _NUMBER.findall(question)] if ranges else []
    return any(low <= number <= high for low, high in ranges for number in numbers)


def _cells(line: str) -> list[str]:
    return [cell for cell in _CELLS.split(line.strip()) if cell]


def _value(number: str) -> float:
    return float(number.replace(",", "."))
