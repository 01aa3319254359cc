"""Word files: headings by style, lists with their numbers, tables, notes and text boxes (ECMA-376, part 1, 17)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from custagent.core.document import Section
from custagent.knowledge.convert.package import Package, chosen
from custagent.knowledge.convert.rows import add_rows
from custagent.knowledge.convert.word_styles import ListStyle, Styles, W
from custagent.knowledge.convert.writer import MAX_HEADING, SectionWriter

#: Around parts of the text, of no meaning to it: content controls, what was added under "track changes", tags.
_WRAPPERS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))
#: What was deleted or moved away, is no text, or is read elsewhere.
_SILENT = frozenset(f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "txbxContent"))
_SIGNS = {f"{W}tab": " ", f"{W}br": " ", f"{W}cr": " ", f"{W}p": " ", f"{W}noBreakHyphen": "-"}
_TEXT = f"{W}t"
_RUN = f"{W}r"
_NOTES = ("footnote", "endnote")
#: A cell longer than this holds paragraphs: the table lays out the page.
_LAYOUT_CELL_CHARS = 1500
#: A paragraph all in bold and no longer than this heads what follows, where the author knows no styles.
_MAX_BOLD_HEADING = 80
_BOLD_LEVEL = 6
_MAX_SPAN = 100


def read_word(package: Package) -> tuple[str, tuple[Section, ...]]:
    """The title and the sections of a docx file."""
    main = package.main("word/document.xml")
    parts = {kind: target for kind, target in package.relations(main).values() if package.has(target)}
    folder = main.rpartition("/")[0]

    def named(kind: str) -> ET.Element | None:
        name = parts.get(kind, f"{folder}/{kind}.xml")
        return package.part(name) if package.has(name) else None

    notes = {}
    for kind in _NOTES:
        root = named(f"{kind}s")
        for note in root.iter(f"{W}{kind}") if root is not None else ():
            notes[kind, note.get(f"{W}id", "")] = " ".join(_texts(note.iter(f"{W}p")))
    body = package.part(main).find(f"{W}body")
    reader = _WordReader(styles=Styles(named("styles"), named("numbering")), notes=notes)
    if body is not None:
        reader.styled = any(reader.styles.heading_level(block) is not None for block in body.iter(f"{W}p"))
        reader.read(body)
    title = reader.title or reader.writer.first_heading
    return title or package.title(), reader.writer.sections(title)


@dataclass(slots=True)
class _WordReader:
    """Writes the paragraphs and tables of a document as blocks and headings."""

    styles: Styles
    #: Footnotes and endnotes by (kind, id).
    notes: dict[tuple[str, str], str]
    writer: SectionWriter = field(default_factory=SectionWriter)
    title: str = ""
    #: Whether the author has marked headings as such anywhere.
    styled: bool = False
    _group: int = 0
    _in_list: bool = False
    #: By list and level: the number of the last item.
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def read(self, parent: ET.Element) -> None:
        """Everything within, in reading order."""
        for block in _blocks(parent):
            if block.tag == f"{W}tbl":
                self._table(block)
            else:
                self._paragraph(block)

    def _paragraph(self, block: ET.Element) -> None:
        text = _text(block)
        level = self.styles.heading_level(block)
        listed = self.styles.list_style(block)
        if level is None and not self.styled and not listed and _is_bold_line(block, text):
            level = _BOLD_LEVEL
        if self.styles.is_contents(block):
            return
        if text and level is not None and len(text) <= MAX_HEADING:
            self.title = self.title or (text if level <= 1 else "")
            self.writer.heading(text, level=min(6, max(1, level)), anchor="")
            self._in_list = False
        elif listed is not None and text:
            self._item(text, listed)
        elif text:
            self.writer.add(text)
            self._in_list = False
        for kind in _NOTES:
            for reference in block.iter(f"{W}{kind}Reference"):
                self.writer.add(self.notes.get((kind, reference.get(f"{W}id", "")), ""))
        for box in _boxes(block):
            self.read(box)

    def _item(self, text: str, listed: ListStyle) -> None:
        if not self._in_list:
            self._group += 1
            self._in_list = True
        place = (listed.number, listed.level)
        self._counts[place] = self._counts.get(place, listed.start - 1) + 1
        for deeper in [one for one in self._counts if one[0] == listed.number and one[1] > listed.level]:
            del self._counts[deeper]
        self.writer.add("  " * listed.level + listed.marker(self._counts[place]) + text, group=self._group)

    def _table(self, table: ET.Element) -> None:
        rows = _rows(table)
        self._in_list = False
        cells = [cell for row in rows for cell in row if cell.is_own]
        if max(map(len, rows), default=0) <= 1 or any(len(cell.text) > _LAYOUT_CELL_CHARS for cell in cells):
            # It draws a box around text, or arranges the page.
            for cell in cells:
                self.read(cell.element)
            return
        self._group += 1
        values = [[cell.text if not cell.is_beside else "" for cell in row] for row in rows]
        headed = len(rows) > 1 and _has_heading_row(table)
        headings = [cell.text for cell in rows[0]] if headed else []
        add_rows(self.writer, headings, values[1:] if headed else values, group=self._group)
        self._group += 1


@dataclass(frozen=True, slots=True)
class _Cell:
    element: ET.Element
    text: str
    #: False where it is another's: the cell above or on the left covers this place too.
    is_own: bool = True
    #: It is that of the cell on the left.
    is_beside: bool = False


def _rows(table: ET.Element) -> list[list[_Cell]]:
    """Rows of cells with spans filled in: a tall cell's text is repeated in each row that it covers."""
    rows: list[list[_Cell]] = []
    for line in _children(table, f"{W}tr"):
        row: list[_Cell] = []
        for element in _children(line, f"{W}tc"):
            merged = element.find(f"{W}tcPr/{W}vMerge")
            goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            above = rows[-1][len(row)] if goes_on and rows and len(row) < len(rows[-1]) else None
            text = above.text if above else " ".join(_texts(element.iter(f"{W}p")))
            row.append(_Cell(element=element, text=text, is_own=above is None))
            row += [_Cell(element, text, is_own=False, is_beside=True) for _ in range(_span(element) - 1)]
        rows.append(row)
    return rows


def _span(cell: ET.Element) -> int:
    wide = cell.find(f"{W}tcPr/{W}gridSpan")
    value = wide.get(f"{W}val", "1") if wide is not None else "1"
    return max(1, min(int(value), _MAX_SPAN)) if value.isascii() and value.isdigit() else 1


def _has_heading_row(table: ET.Element) -> bool:
    """Whether its first row names the columns; so it is unless the author has switched that off."""
    look = table.find(f"{W}tblPr/{W}tblLook")
    return look is None or look.get(f"{W}firstRow", "1") not in ("0", "false", "off")


def _blocks(parent: ET.Element) -> Iterator[ET.Element]:
    """Paragraphs and tables in reading order, wrapped ones included."""
    for child in chosen(parent):
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag in _WRAPPERS:
            yield from _blocks(child)


def _children(parent: ET.Element, tag: str) -> Iterator[ET.Element]:
    """Children of the tag, wrapped ones included, but none of a table within the table."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, tag)


def _boxes(block: ET.Element) -> Iterator[ET.Element]:
    """The text boxes that are anchored in a paragraph, each once."""
    for child in chosen(block):
        if child.tag == f"{W}txbxContent":
            yield child
        else:
            yield from _boxes(child)


def _text(block: ET.Element) -> str:
    """A paragraph's own text, on one line."""
    return " ".join("".join(_pieces(block)).split())


def _texts(blocks: Iterator[ET.Element]) -> Iterator[str]:
    return (text for block in blocks if (text := _text(block)))


def _pieces(element: ET.Element) -> Iterator[str]:
    for child in chosen(element):
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _SILENT and not (child.tag == _RUN and _is_hidden(child)):
            yield from _pieces(child)


def _is_hidden(run: ET.Element) -> bool:
    return _is_on(run.find(f"{W}rPr/{W}vanish"))


def _is_on(mark: ET.Element | None) -> bool:
    return mark is not None and mark.get(f"{W}val", "1") not in ("0", "false", "off")


def _is_bold_line(block: ET.Element, text: str) -> bool:
    """Whether it looks like a heading: short, all bold, and no sentence."""
    if not text or len(text) > _MAX_BOLD_HEADING or not re.search(r"[^\W\d_]", text) or re.search(r"[.,;:!]$", text):
        return False
    runs: Sequence[ET.Element] = [
        run for run in block.iter(_RUN) if any((one.text or "").strip() for one in run.iter(_TEXT))
    ]
    return bool(runs) and all(_is_on(run.find(f"{W}rPr/{W}b")) for run in runs)
