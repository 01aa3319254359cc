"""Tables of reStructuredText as rows of cells: drawn with lines, with columns of signs, or written as a list or CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

_GRID_LINE = re.compile(r"\+(?:[-=]+\+)+")
_GRID_HEAD = re.compile(r"\+(?:=+\+)+")
_SIMPLE_LINE = re.compile(r"=+(?: +=+)+")
_GROUP_LINE = re.compile(r"-+(?: +-+)*")
_OPTION = re.compile(r"\s*:([\w-]+):\s*(.*)")


def table_end(lines: Sequence[str]) -> int:
    """How many of the lines, from the first, are a table that is drawn; 0 for none."""
    first = lines[0].strip() if lines else ""
    if _GRID_LINE.fullmatch(first):
        drawn = next((at for at, line in enumerate(lines) if not line.strip().startswith(("+", "|"))), len(lines))
        return drawn if drawn > 2 else 0  # noqa: PLR2004 - two borders and a row
    if _SIMPLE_LINE.fullmatch(first):
        borders = [at for at, line in enumerate(lines) if line.strip() == first]
        # The last border is the one before a blank line, or before the end.
        last = next((at for at in borders[1:] if at + 1 == len(lines) or not lines[at + 1].strip()), 0)
        return last + 1 if last else 0
    return 0


def drawn_rows(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The column headings, perhaps none, and the rows of a table that is drawn."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    lines = [line[indent:].rstrip() for line in lines]
    return _grid_rows(lines) if lines[0].startswith("+") else _simple_rows(lines)


def _grid_rows(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    rows: list[list[str]] = []
    heads = 0
    row: list[list[str]] = []
    for line in lines[1:]:
        if line.startswith("+"):
            if row:
                rows.append([" ".join(filter(None, cell)) for cell in row])
            heads = len(rows) if _GRID_HEAD.fullmatch(line) else heads
            row = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        row = row if len(row) == len(cells) else [[] for _ in cells]
        for held, cell in zip(row, cells, strict=True):
            held.append(cell)
    return (rows[0] if heads else []), rows[heads:]


def _simple_rows(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    starts = [found.start() for found in re.finditer("=+", lines[0])]
    borders = [at for at, line in enumerate(lines) if line == lines[0]]
    rows: list[list[str]] = []
    for at, line in enumerate(lines):
        if at in borders or not line.strip() or _GROUP_LINE.fullmatch(line):
            continue
        cells = [line[start:stop].strip() for start, stop in zip(starts, [*starts[1:], None], strict=True)]
        if rows and not cells[0]:
            # Nothing in the first column: the row before goes on.
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    headed = len(borders) > 2 and len(rows) > 1  # noqa: PLR2004 - above, below and between
    return (rows[0], rows[1:]) if headed else ([], rows)


def written_rows(kind: str, lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The column headings, perhaps none, and the rows of a `list-table` or `csv-table`, from what it holds."""
    options = {found.group(1): found.group(2) for line in lines if (found := _OPTION.fullmatch(line))}
    held = [line for line in lines if line.strip() and not _OPTION.fullmatch(line)]
    rows: list[list[str]] = []
    if kind == "csv-table":
        rows = [
            [cell.strip() for cell in row] for row in csv.reader((line.strip() for line in held), skipinitialspace=True)
        ]
        headings = next(csv.reader([options.get("header", "")], skipinitialspace=True), [])
        if headings:
            return headings, rows
    else:
        for line in held:
            cell = line.strip()
            if cell.startswith("* -"):
                rows.append([cell[3:].strip()])
            elif cell.startswith("-") and rows:
                rows[-1].append(cell[1:].strip())
            elif rows:
                rows[-1][-1] = f"{rows[-1][-1]} {cell}".strip()
    heads = options.get("header-rows", "")
    headed = heads.isdigit() and int(heads) > 0 and len(rows) > 1
    return (rows[0], rows[1:]) if headed else ([], rows)
