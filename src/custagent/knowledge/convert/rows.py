"""Rows of tables as text: one line a row, each value with its column's heading; and what the rows of long tables are called.

A short table is answered from as a whole ("which sizes are there?"). A long one is there to look a row up in, so each row
stands by itself, under its name, which is what the column says that names them, or the few that do so together: of
passages of ten rows that are all alike, the wrong one is found one time in five (docs/decisions, fused retrieval).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from custagent.knowledge.convert.writer import MAX_HEADING, SectionWriter

#: What a record is called by.
_NAME = re.compile(
    r"title|name|heading|headline|subject|label|titel|rubrik|namn|navn|titre|nom|título|titulo|nombre|titolo|nome"
    r"|überschrift|otsikko|nimi|tytuł|nazwa|overskrift",
    re.IGNORECASE,
)
#: So many characters, two passages, stand together.
_WHOLE = 2000
#: Of more rows the index would be full.
_MOST_ROWS = 5000
#: Of the rows so many have a name of their own.
_OWN_SHARE = 0.9
#: More columns together are a row, not its name: "Sweden, Express".
_MOST_COLUMNS = 3
#: A cell longer than this names nothing.
_LONGEST = 80
_WORD = re.compile(r"[^\W\d_]{2}")
#: Article numbers, addresses of the web, dates and amounts: nobody calls a thing so who knows another name.
_CODE = re.compile(r"\S*\d\S*|\w+://\S+|\S+@\S+|[\W\d]*\d[\W\d]*(?:[^\W\d_]{1,4}\W*)?")


def table_lines(headings: list[str], rows: list[list[str]]) -> list[str]:
    """Rows of values as lines; a value without a heading stands alone, an empty one is left out."""
    lines = []
    for row in rows:
        pairs = []
        for index, value in enumerate(row):
            heading = headings[index].rstrip(": ") if index < len(headings) else ""
            if value:
                pairs.append(f"{heading}: {value}" if heading and heading != value else value)
        lines.append("; ".join(pairs))
    return [line for line in lines if line]


def row_names(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A name for each row; "" for all of a table that is short, or whose rows nothing tells apart."""
    if sum(len(cell) for row in rows for cell in row) <= _WHOLE or len(rows) > _MOST_ROWS:
        return [""] * len(rows)
    width = max(map(len, rows))
    columns = [[row[index] if index < len(row) else "" for row in rows] for index in range(width)]
    worded = [index for index, cells in enumerate(columns) if _share(cells, _in_words) >= _OWN_SHARE]
    called = [index for index in worded if index < len(headings) and is_name(headings[index])]
    short = [index for index, cells in enumerate(columns) if _share(cells, _in_short) >= _OWN_SHARE]
    ranked = [*called, *(index for index in worded if index not in called)][:_MOST_COLUMNS]
    tried = [ranked[:count] for count in range(1, len(ranked) + 1)] + [[index] for index in short]
    for chosen in tried:
        names = [", ".join(filter(None, (columns[index][row] for index in sorted(chosen)))) for row in range(len(rows))]
        if len(set(names)) >= _OWN_SHARE * len(rows):
            return [name if len(name) <= MAX_HEADING else "" for name in names]
    return [""] * len(rows)


def add_rows(writer: SectionWriter, headings: list[str], rows: Sequence[list[str]], *, group: int) -> None:
    """Write a table's rows as lines of one group; those of a long table each under its name."""
    for row, name in zip(rows, row_names(headings, rows), strict=True):
        for line in table_lines(headings, [row]):
            if name:
                writer.row(name, line)
            else:
                writer.add(line, group=group)


def is_name(field: str) -> bool:
    """Whether a field of this name holds what its record is called by."""
    return _NAME.fullmatch(field) is not None


def _share(cells: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, cells)) / len(cells)


def _in_short(cell: str) -> bool:
    return 0 < len(cell) <= _LONGEST and "\n" not in cell


def _in_words(cell: str) -> bool:
    return _in_short(cell) and _WORD.search(cell) is not None and not _CODE.fullmatch(cell)
