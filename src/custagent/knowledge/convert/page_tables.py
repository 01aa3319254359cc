"""Tables on a PDF's page: rows of text whose columns leave gaps from top to bottom.

A PDF knows no tables, only where its letters stand. Programs draw a table row by row, column by column, or cell by cell; so
nothing here goes by the order, only by the places. What is no table for sure stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from custagent.knowledge.convert.page_line import Line
from custagent.knowledge.convert.reflow import TABLE_ROW
from custagent.knowledge.convert.rows import table_lines

#: So many rows of several cells make a table.
_MIN_ROWS = 3
#: Rows further apart, in sizes of their letters, are no rows of one table.
_FAR = 3.0
#: Letters of one size, with what the rounding of fonts makes of it.
_ALIKE = 1.08
#: Lines of one cell are at most so far apart, in sizes of their letters; and rows are this many times further.
_LEADING, _PADDED = 1.4, 1.25
#: Of the cells so many are filled.
_FILLED = 0.6
#: Columns of so many words a cell are columns of running text.
_PROSE_WORDS = 5
#: A table of two columns without a heading is one of things with their numbers, or no table for sure.
_SURE_COLUMNS = 3
_MAX_HEADING = 60


def with_tables(lines: Sequence[Line], is_bold: Callable[[Line], bool]) -> list[Line]:
    """The lines of a page with a line for each row of its tables, marked as such, at the place of their first cell."""
    rows = _rows(lines)
    if sum(len(row) > 1 for row in rows) < _MIN_ROWS:
        return list(lines)
    place: dict[int, list[Line]] = {}
    taken: set[int] = set()
    for table in _tables(rows):
        written = table.written(is_bold)
        if written:
            members = {id(line) for row in table.rows for line in row}
            first = next(index for index, line in enumerate(lines) if id(line) in members)
            place[first] = written
            taken |= members
    found: list[Line] = []
    for index, line in enumerate(lines):
        found += place.get(index, [])
        if id(line) not in taken:
            found.append(line)
    return found


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """What stands on one height, from top to bottom, each from left to right."""
    rows: list[list[Line]] = []
    for line in sorted((one for one in lines if one.text.strip() and one.size), key=lambda one: -one.bottom):
        before = rows[-1][0] if rows else None
        if before is not None and abs(before.bottom - line.bottom) < min(before.size, line.size) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda one: one.left) for row in rows]


def _tables(rows: Sequence[list[Line]]) -> Iterator[_Table]:
    """Rows, one below the other, that may be tables."""
    table = _Table()
    for row in rows:
        if table.takes(row):
            continue
        yield table
        table = _Table()
        table.takes(row)
    yield table


@dataclass(slots=True)
class _Table:
    rows: list[list[Line]] = field(default_factory=list)
    #: Left and right end of each column, from left to right.
    columns: list[tuple[float, float]] = field(default_factory=list)

    def takes(self, row: list[Line]) -> bool:
        """Add a row if its cells stand in the columns, or beside them."""
        if not self.rows and len(row) == 1:
            return False
        if self.rows and self._stands_off(row):
            return False
        columns = self.columns
        used: set[tuple[float, float]] = set()
        for line in row:
            met = [one for one in columns if line.left < one[1] and line.right > one[0]]
            if len(met) > 1 or used.intersection(met):
                return False
            widened = (min([line.left, *(one[0] for one in met)]), max([line.right, *(one[1] for one in met)]))
            columns = sorted([*(one for one in columns if one not in met), widened])
            used.add(widened)
        if len(row) == 1 and len(columns) > len(self.columns):
            return False
        self.rows.append(row)
        self.columns = columns
        return True

    def _stands_off(self, row: list[Line]) -> bool:
        """Whether the row is too far below, or is set otherwise, as a heading below the table is."""
        before = self.rows[-1][0]
        step = before.bottom - row[0].bottom
        if len(row) > 1:
            return step > _FAR * row[0].size
        others = [above[0].bottom - below[0].bottom for above, below in pairwise(self.rows)]
        is_alike = 1 / _ALIKE < row[0].size / before.size < _ALIKE
        return not is_alike or step > _PADDED * max(others, default=before.size * _LEADING)

    def written(self, is_bold: Callable[[Line], bool]) -> list[Line]:
        """A line a row; none where it is no table for sure."""
        while self.rows and len(self.rows[-1]) == 1 and self._column(self.rows[-1][0]) == 0:
            # A paragraph that begins below, more often than what is left of a cell.
            self.rows.pop()
        if sum(len(row) > 1 for row in self.rows) < _MIN_ROWS:
            return []
        groups = self._groups()
        cells = [self._cells(group) for group in groups]
        if not self._is_table(cells):
            return []
        stands_out = all(map(is_bold, groups[0][0])) and not all(map(is_bold, groups[1][0]))
        headed = stands_out or _is_heading(cells[0], cells[1:])
        if not headed and len(self.columns) < _SURE_COLUMNS and not _has_figures(cells):
            return []
        headings = cells[0] if headed else []
        body = [*zip(groups, cells, strict=True)][headed:]
        return [_line(group, text) for group, row in body for text in table_lines(headings, [row])]

    def _column(self, line: Line) -> int:
        return next(at for at, (left, right) in enumerate(self.columns) if left <= line.left and line.right <= right)

    def _groups(self) -> list[list[list[Line]]]:
        """The rows as the reader sees them: a cell may be of several lines."""
        steps = [above[0].bottom - below[0].bottom for above, below in pairwise(self.rows)]
        least, size = min(steps), median(row[0].size for row in self.rows)
        is_padded = least <= _LEADING * size and max(steps) > _PADDED * least
        groups = [[self.rows[0]]]
        for row, step in zip(self.rows[1:], steps, strict=True):
            if is_padded:
                goes_on = step <= _PADDED * least and len(row) < len(self.columns)
            else:
                goes_on = self._column(row[0]) > 0 and len(row) < len(self.columns)
            if goes_on:
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    def _cells(self, group: list[list[Line]]) -> list[str]:
        cells: list[list[str]] = [[] for _ in self.columns]
        for row in group:
            for line in row:
                cells[self._column(line)].append(line.text.strip())
        return [" ".join(" ".join(texts).split()) for texts in cells]

    def _is_table(self, cells: list[list[str]]) -> bool:
        filled = sum(bool(cell) for row in cells for cell in row)
        if len(cells) < _MIN_ROWS or len(self.columns) < 2 or filled < _FILLED * len(cells) * len(self.columns):  # noqa: PLR2004 - one column is a list
            return False
        words = [
            median(len(cell.split()) for cell in column if cell) for column in zip(*cells, strict=True) if any(column)
        ]
        return min(words) < _PROSE_WORDS


def _is_heading(first: list[str], body: list[list[str]]) -> bool:
    """Whether a row names columns: it has no figures, and stands above some."""
    if not all(first) or any(len(cell) > _MAX_HEADING or any(map(str.isdigit, cell)) for cell in first):
        return False
    return _has_figures(body)


def _has_figures(rows: list[list[str]]) -> bool:
    columns = list(zip(*rows, strict=True))[1:]
    return any(sum(map(_is_figure, column)) * 2 > len(rows) for column in columns)


def _is_figure(cell: str) -> bool:
    """Whether it is a number, with its unit; no sentence with a number in it."""
    return sum(map(str.isdigit, cell)) * 3 >= max(1, sum(map(str.isalnum, cell)))


def _line(group: list[list[Line]], text: str) -> Line:
    cells = [line for row in group for line in row]
    return replace(
        cells[0],
        text=TABLE_ROW + text,
        left=min(line.left for line in cells),
        right=max(line.right for line in cells),
        bottom=min(line.bottom for line in cells),
        top=max(line.top for line in cells),
        bold=False,
        goes_on=False,
        parted=True,
    )
