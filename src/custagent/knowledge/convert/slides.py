"""PowerPoint files: a slide is a page, with its title, text, tables and the speaker's notes (ECMA-376, part 1, 19)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from custagent.core.document import Section
from custagent.knowledge.convert.package import Package, R, chosen
from custagent.knowledge.convert.rows import table_lines
from custagent.knowledge.convert.writer import MAX_HEADING

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_TITLES = ("title", "ctrTitle")
#: Slide number, date, footer.
_FURNITURE = ("sldNum", "dt", "ftr", "hdr", "sldImg")
#: Shapes whose upper edges are no further apart stand beside each other: a quarter of an inch, in EMU.
_BAND = 228_600


def read_slides(package: Package) -> tuple[str, tuple[Section, ...]]:
    """The title and a section for each slide that is shown, under the slide's title and with its number as page."""
    main = package.main("ppt/presentation.xml")
    targets = package.relations(main)
    listed = package.part(main).find(f"{_P}sldIdLst")
    names = [targets.get(one.get(f"{R}id", ""), ("", ""))[1] for one in listed] if listed is not None else []
    sections: list[Section] = []
    title = ""
    for number, name in enumerate(names, start=1):
        if not package.has(name):
            continue
        root = package.part(name)
        if root.get("show") in ("0", "false"):
            continue
        heading, text = _slide(root, package.relations(name), package)
        title = title or heading
        if text or heading:
            headings = (heading,) if heading and heading != title else ()
            sections.append(Section(text=text or heading, headings=headings, page=number))
    return title or package.title(), tuple(sections)


def _slide(root: ET.Element, targets: dict[str, tuple[str, str]], package: Package) -> tuple[str, str]:
    heading, parts = "", []
    for shape in _shapes(root.find(f"{_P}cSld/{_P}spTree")):
        kind = _holder(shape)
        if shape.tag == f"{_P}sp" and kind in _TITLES and not heading:
            heading = " ".join(line for line in map(_line, shape.iter(f"{_A}p")) if line)[:MAX_HEADING]
        elif kind not in _FURNITURE:
            parts.append(_shape_text(shape, targets, package))
    for relation, target in targets.values():
        if relation == "notesSlide" and package.has(target):
            notes = _shapes(package.part(target).find(f"{_P}cSld/{_P}spTree"))
            parts += [_paragraphs(shape) for shape in notes if _holder(shape) not in _FURNITURE]
    return heading, "\n\n".join(part for part in parts if part)


def _shapes(tree: ET.Element | None) -> Iterator[ET.Element]:
    """The shapes in reading order: from above to below, beside each other from the left; groups stay together.

    In the file they stand in the order in which they were drawn. What takes its place from the layout comes first.
    """
    found = [(*_place(shape), number, shape) for number, shape in enumerate(chosen(tree) if tree is not None else ())]
    for *_, shape in sorted(found, key=lambda one: one[:3]):
        if shape.tag == f"{_P}grpSp":
            yield from _shapes(shape)
        elif shape.tag in (f"{_P}sp", f"{_P}graphicFrame"):
            yield shape


def _place(shape: ET.Element) -> tuple[int, int]:
    for path in (f"{_P}spPr/{_A}xfrm", f"{_P}xfrm", f"{_P}grpSpPr/{_A}xfrm"):
        offset = shape.find(f"{path}/{_A}off")
        if offset is not None:
            across, down = (_number(offset.get(name)) for name in ("x", "y"))
            return down // _BAND, across
    return -1, 0


def _number(value: str | None) -> int:
    digits = (value or "").removeprefix("-")
    return int(value or "") if digits.isascii() and digits.isdigit() else 0


def _holder(shape: ET.Element) -> str:
    """What the shape holds the place of, "" when it stands for itself."""
    holder = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return holder.get("type", "body") if holder is not None else ""


def _shape_text(shape: ET.Element, targets: dict[str, tuple[str, str]], package: Package) -> str:
    if shape.tag == f"{_P}sp":
        return _paragraphs(shape)
    tables = ["\n".join(_table(table)) for table in shape.iter(f"{_A}tbl")]
    for node in shape.iter():
        relation, name = targets.get(node.get(f"{R}dm", ""), ("", ""))
        if relation == "diagramData" and package.has(name):
            # "SmartArt": its boxes and arrows, in the order in which they were written.
            lines = filter(None, map(_line, package.part(name).iter(f"{_A}p")))
            tables.append("\n".join(f"- {line}" for line in lines))
    return "\n\n".join(filter(None, tables))


def _paragraphs(shape: ET.Element) -> str:
    """The paragraphs of a shape: several are a list, indented and numbered as on the slide."""
    found = [(paragraph, line) for paragraph in shape.iter(f"{_A}p") if (line := _line(paragraph))]
    if len(found) == 1:
        return found[0][1]
    lines, counts = [], dict[int, int]()
    for paragraph, line in found:
        look = paragraph.find(f"{_A}pPr")
        level = min(_number(look.get("lvl")), 8) if look is not None else 0
        numbered = look is not None and look.find(f"{_A}buAutoNum") is not None
        counts = {place: count for place, count in counts.items() if place <= level}
        counts[level] = counts.get(level, 0) + 1 if numbered else 0
        lines.append("  " * level + (f"{counts[level]}. " if numbered else "- ") + line)
    return "\n".join(lines)


def _table(table: ET.Element) -> list[str]:
    rows: list[list[str]] = []
    for line in table.iter(f"{_A}tr"):
        row: list[str] = []
        for cell in line.iter(f"{_A}tc"):
            covered = cell.get("vMerge") in ("1", "true") and rows and len(row) < len(rows[-1])
            row.append(rows[-1][len(row)] if covered else _line(cell))
        rows.append(row)
    look = table.find(f"{_A}tblPr")
    headed = len(rows) > 1 and (look is None or look.get("firstRow", "1") not in ("0", "false"))
    return table_lines(rows[0], rows[1:]) if headed else table_lines([], rows)


def _line(node: ET.Element) -> str:
    """The text of a paragraph or cell on one line."""
    pieces = []
    for one in node.iter():
        if one.tag == f"{_A}t":
            pieces.append(one.text or "")
        elif one.tag in (f"{_A}br", f"{_A}p", f"{_A}tab"):
            pieces.append(" ")
    return " ".join("".join(pieces).split())
