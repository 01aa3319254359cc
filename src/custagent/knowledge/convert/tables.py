"""Tables of a web page as text: one line a row, each value with its column's heading."""

from __future__ import annotations

from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from custagent.knowledge.convert.inline import Drops, flat, is_bare
from custagent.knowledge.convert.rows import row_names, table_lines

#: Spans beyond this are mistakes or attacks.
_MAX_COLUMNS = 100
_MAX_ROWS = 5000
#: A cell longer than this holds paragraphs: the table lays out the page.
_LAYOUT_CELL_CHARS = 1500
#: What stands in no cell of a data table.
_STRUCTURE = "table, h1, h2, h3, h4, h5, h6, pre, form, article"


#: Tables that are drawn with boxes say what these are (https://www.w3.org/TR/wai-aria-1.2/#table).
_ROWS = "tr, [role=row]"
_HEAD_ROLES = frozenset({"columnheader", "rowheader"})
_CELL_ROLES = _HEAD_ROLES | {"cell", "gridcell"}


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    is_head: bool
    #: False in the places that a wide cell covers beside its first; its text counts there only as a heading.
    is_first: bool = True


def is_layout(table: LexborNode) -> bool:
    """Whether the table only arranges parts of a page: then it is read as running text."""
    attributes = table.attributes
    if "highlighttable" in (attributes.get("class") or ""):
        return True
    # Some programs give every table that role; columns with headings are data whatever it says.
    if attributes.get("role") in ("presentation", "none") and not _begins_with_headings(table):
        return True
    # The first is enough: looking for all of them in each of many tables inside each other would take for ever.
    if any(part.css_first(_STRUCTURE) is not None for part in table.iter()):
        return True
    cells = table.css("td, th")
    rows = table.css("tr")
    if len(cells) <= len(rows):
        return True
    if table.css_first("th, caption") is not None:
        return False
    return len(rows) == 1 or any(len(cell.text()) > _LAYOUT_CELL_CHARS for cell in cells)


def is_drawn(box: LexborNode) -> bool:
    """Whether boxes that are called a table are one: of several rows of several cells."""
    rows = box.css("[role=row]")
    return len(rows) > 1 and all(sum(map(_is_cell, row.iter())) > 1 for row in rows)


def _begins_with_headings(table: LexborNode) -> bool:
    first = table.css_first("tr")
    cells = [node for node in first.iter() if node.tag in ("td", "th")] if first is not None else []
    return len(cells) > 1 and all(node.tag == "th" or _is_bold(node, " ".join(node.text().split())) for node in cells)


def rows_of(table: LexborNode, drops: Drops) -> list[tuple[str, str]]:
    """The lines of a data table: the caption, then one a row as "Country: Norway; Price: 49 kr".

    Each with its name, where the table is so long that its rows stand by themselves (see `rows`); else with "".
    """
    captions = [("", flat(caption, drops)) for caption in table.css("caption")]
    grid = _grid(table, drops)
    heads = 0
    while heads < len(grid) - 1 and _is_head_row(grid[heads]):
        heads += 1
    headings = _headings(grid[:heads])
    body = grid[heads:]
    names = row_names(headings, [_values(row) for row in body])
    if not heads and all(_is_headed(row) for row in grid):
        lines = [f"{row[0].text.rstrip(': ')}: {'; '.join(filter(None, _values(row)[1:]))}" for row in grid]
    else:
        lines = [_line(headings, row) for row in body]
    return [one for one in (*captions, *zip(names, lines, strict=True)) if one[1]]


def _line(headings: list[str], row: list[_Cell]) -> str:
    if len(row) > 1 and len({cell.text for cell in row}) == 1 and not row[1].is_first:
        return row[0].text
    return "".join(table_lines(headings, [_values(row)]))


def _is_head_row(row: list[_Cell]) -> bool:
    return any(cell.text for cell in row) and all(cell.is_head or not cell.text for cell in row)


def _is_headed(row: list[_Cell]) -> bool:
    """Whether the row begins with its heading and goes on with values."""
    return len(row) > 1 and row[0].is_head and bool(row[0].text) and not any(cell.is_head for cell in row[1:])


def _headings(rows: list[list[_Cell]]) -> list[str]:
    """One heading a column; headings above headings are put before them."""
    width = max((len(row) for row in rows), default=0)
    columns = [[row[index].text for row in rows if index < len(row) and row[index].text] for index in range(width)]
    return [" ".join(dict.fromkeys(texts)) for texts in columns]


def _values(row: list[_Cell]) -> list[str]:
    return [cell.text if cell.is_first else "" for cell in row]


def _grid(table: LexborNode, drops: Drops) -> list[list[_Cell]]:
    """Rows of cells with spans filled in: a tall cell's text is repeated in each row that it covers."""
    grid: list[list[_Cell]] = []
    tall: dict[int, tuple[int, _Cell]] = {}
    for line in table.css(_ROWS)[:_MAX_ROWS]:
        if drops(line, "tr", line.attributes):
            continue
        in_head = line.parent is not None and line.parent.tag == "thead"
        row: list[_Cell] = []
        for node in line.iter():
            if _is_cell(node) and not drops(node, node.tag or "", node.attributes):
                _fill(row, tall)
                _place(row, tall, node, _cell(node, drops, in_head=in_head))
        _fill(row, tall)
        if any(cell.text for cell in row):
            grid.append(row)
    return grid


def _cell(node: LexborNode, drops: Drops, *, in_head: bool) -> _Cell:
    text = flat(node, drops)
    is_head = in_head or node.tag == "th" or node.attributes.get("role") in _HEAD_ROLES
    return _Cell(text=text, is_head=is_head or _is_bold(node, text))


def _is_cell(node: LexborNode) -> bool:
    return node.tag in ("td", "th") or (node.tag != "-text" and node.attributes.get("role") in _CELL_ROLES)


def _is_bold(node: LexborNode, text: str) -> bool:
    """A cell all in bold is what authors without `th` write for a heading."""
    bold = None if is_bare(node) else node.css_first("b, strong")
    return bold is not None and bool(text) and " ".join(bold.text().split()) == text


def _fill(row: list[_Cell], tall: dict[int, tuple[int, _Cell]]) -> None:
    while len(row) in tall:
        left, cell = tall.pop(len(row))
        if left > 1:
            tall[len(row)] = (left - 1, cell)
        row.append(cell)


def _place(row: list[_Cell], tall: dict[int, tuple[int, _Cell]], node: LexborNode, cell: _Cell) -> None:
    attributes = node.attributes
    wide = min(_span(attributes.get("colspan")), _MAX_COLUMNS - min(len(row), _MAX_COLUMNS - 1))
    high = min(_span(attributes.get("rowspan")), _MAX_ROWS)
    for offset in range(wide):
        # A heading is repeated over its columns; a value counts once.
        placed = cell if offset == 0 else _Cell(text=cell.text, is_head=cell.is_head, is_first=False)
        if high > 1:
            tall[len(row)] = (high - 1, placed)
        row.append(placed)


def _span(value: str | None) -> int:
    return max(1, int(value[:6])) if value and value.isascii() and value.isdigit() else 1
