"""CSV files: how they are delimited, which row names the columns, and each row as a record."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from custagent.core.errors import ConvertError
from custagent.knowledge.convert.record import add_record
from custagent.knowledge.convert.rows import row_names, table_lines
from custagent.knowledge.convert.writer import SectionWriter

_DELIMITERS = ",;\t|"
#: How much of the file is looked at to find out how it is delimited.
_SAMPLE_CHARS = 64 * 1024
_SAMPLE_ROWS = 20
#: Spreadsheets write this first line for each other.
_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*\r?\n", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.,:%\s$€£/-]+")
#: Longer cells are no names of columns.
_MAX_COLUMN_NAME = 80
#: Of the cells in the row of names so many may be empty, as over a column of row names.
_MOST_UNNAMED = 1 / 3
#: No spreadsheet is wider (Excel's own limit); what is, is no table for people.
_MAX_COLUMNS = 16_384


def read_csv(text: str, writer: SectionWriter, location: str) -> None:
    """Write each row as a record. Raises ConvertError where the file breaks its format."""
    named = _SEPARATOR_LINE.match(text)
    text = text[named.end() :] if named else text
    delimiter = named.group(1) if named else _delimiter(text)
    try:
        rows = [[cell.strip() for cell in row] for row in _rows(text, delimiter)]
    except csv.Error as error:
        raise ConvertError(
            f"{location}: the CSV is damaged ({error})", hint="Save it again as CSV in UTF-8."
        ) from error
    rows = _without_empty_ends([row for row in rows if any(row)])
    if max(map(len, rows), default=0) > _MAX_COLUMNS:
        raise ConvertError(
            f"{location}: the CSV has rows of over {_MAX_COLUMNS} columns, which is no table to answer from",
            hint="Look whether lines end where they should, and save it again as CSV.",
        )
    rows = _without_preamble(rows, writer)
    headings, rows = (rows[0], rows[1:]) if len(rows) > 1 and _is_heading_row(rows[0]) else ([], rows)
    for row, name in zip(rows, row_names(headings, rows), strict=True):
        _write(row, headings, name, writer)


def _write(row: list[str], headings: list[str], name: str, writer: SectionWriter) -> None:
    names = [headings[index] if index < len(headings) else "" for index in range(len(row))]
    if len(set(names)) == len(names) and all(names):
        add_record(writer, dict(zip(names, row, strict=True)), group=1, name=name)
    else:
        for line in table_lines(names, [[" ".join(cell.split()) for cell in row]]):
            writer.add(line, group=1)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimiter(text: str) -> str:
    """The sign that cuts the most of the first rows into equally many cells.

    The standard library guesses this with patterns that take seconds on hostile text.
    """

    def regularity(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in islice(_rows(text[:_SAMPLE_CHARS], delimiter), _SAMPLE_ROWS) if any(row)]
        except csv.Error:
            return 0.0, 0
        widths = Counter(map(len, rows))
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return (count / widths.total() if width > 1 else 0.0), width

    return max(_DELIMITERS, key=regularity)


def _without_empty_ends(rows: list[list[str]]) -> list[list[str]]:
    """Rows without the columns on the right that are empty in all of them."""
    width = max((index + 1 for row in rows for index, cell in enumerate(row) if cell), default=0)
    return [row[:width] for row in rows]


def _without_preamble(rows: list[list[str]], writer: SectionWriter) -> list[list[str]]:
    """The rows of the table; lines that some programs write above it ("Price list 2026") are paragraphs."""
    filled = Counter(sum(map(bool, row)) for row in rows[:_SAMPLE_ROWS])
    if not filled or filled.most_common(1)[0][0] == 1:
        return rows
    begin = 0
    while begin < len(rows) - 1 and sum(map(bool, rows[begin])) == 1:
        writer.add(" ".join(filter(None, rows[begin])))
        begin += 1
    return rows[begin:]


def _is_heading_row(row: list[str]) -> bool:
    named = [cell for cell in row if cell]
    if not named or (len(row) - len(named)) / len(row) > _MOST_UNNAMED:
        return False
    return all(not _NUMBER.fullmatch(cell) and len(cell) <= _MAX_COLUMN_NAME for cell in named)
