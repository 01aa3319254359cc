"""Word and PowerPoint files (docx, pptx): headings, paragraphs, lists, tables; a slide is a page.

Both are zip archives of XML (ECMA-376). Only the parts that hold text are read, each with a limit on its size.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from custagent.core.document import Document, RawContent, Section
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.tables import table_lines
from custagent.knowledge.convert.writer import MAX_HEADING, SectionWriter

#: The XML of all parts together, unpacked.
MAX_UNPACKED = 100 * 1024 * 1024
#: A part that unpacks to more times its size is a bomb; small parts may.
MAX_RATIO = 100
_SMALL_PART = 1024 * 1024

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_HEADING_STYLE = re.compile(r"heading ([1-9])|(title)", re.IGNORECASE)
_TITLE_HOLDERS = ("title", "ctrTitle")


def read_office(raw: RawContent, kind: Kind, language_hint: str = "") -> Document:
    """The document in a docx or pptx file. Raises ConvertError for a damaged one and for one without text."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw.body)) as archive:
            package = _Package(archive, raw.location)
            title, sections = _read_word(package) if kind is Kind.DOCX else _read_slides(package)
    except (
        zipfile.BadZipFile,
        ET.ParseError,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        # RuntimeError is how zipfile says that a part is encrypted.
        raise ConvertError(
            f"{raw.location}: the {kind.value} file is damaged or protected ({error})",
            hint="Open it in the program that made it and save it again without a password.",
        ) from error
    if not sections:
        raise ConvertError(
            f"{raw.location}: the {kind.value} file holds no text", hint="Pictures of text are not read."
        )
    return Document(
        location=raw.location,
        title=title or readable(raw.location),
        language=language_of("\n".join(section.text for section in sections), hint=language_hint),
        sections=sections,
        media_type=f"application/{kind.value}",
        etag=raw.etag,
        last_modified=raw.last_modified,
    )


class _Package:
    """The parts of an Office file, with limits on what they unpack to."""

    def __init__(self, archive: zipfile.ZipFile, location: str) -> None:
        self._archive = archive
        self._location = location
        self._left = MAX_UNPACKED

    def part(self, name: str) -> ET.Element:
        """The XML of a part. Raises KeyError when there is none of that name."""
        info = self._archive.getinfo(name)
        allowed = min(self._left, max(_SMALL_PART, info.compress_size * MAX_RATIO))
        with self._archive.open(info) as stream:
            # What the archive says of its sizes may be untrue: what counts is what comes out.
            data = stream.read(allowed + 1)
        if len(data) > allowed:
            raise ConvertError(f"{self._location}: the file unpacks to far more than it should; it is not read")
        self._left -= len(data)
        if b"<!DOCTYPE" in data[:1024]:
            raise ConvertError(f"{self._location}: the file declares entities, which Office files never do")
        return ET.fromstring(data)  # noqa: S314 - size, ratio and entities are checked above

    def has(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    def targets(self, name: str) -> dict[str, str]:
        """Where the relationships of a part lead: id -> part name."""
        folder, base = posixpath.split(name)
        root = self.part(f"{folder}/_rels/{base}.rels")
        return {
            one.get("Id", ""): posixpath.normpath(posixpath.join(folder, one.get("Target", ""))).lstrip("/")
            for one in root
            if one.get("TargetMode") != "External"
        }


def _read_word(package: _Package) -> tuple[str, tuple[Section, ...]]:
    levels = _heading_levels(package)
    writer = SectionWriter()
    title = ""
    group = 0
    body = package.part("word/document.xml").find(f"{_W}body")
    for block in _word_blocks(body) if body is not None else ():
        if block.tag == f"{_W}tbl":
            group += 1
            rows = [[_word_text(cell) for cell in row.iter(f"{_W}tc")] for row in block.iter(f"{_W}tr")]
            for line in table_lines(rows[0], rows[1:]) if len(rows) > 1 else map("; ".join, rows):
                writer.add(line, group=group)
            continue
        text = _word_text(block)
        level = levels.get(_word_style(block))
        if text and level is not None and len(text) <= MAX_HEADING:
            title = title or (text if level <= 1 else "")
            writer.heading(text, level=max(1, level), anchor="")
        elif block.find(f"{_W}pPr/{_W}numPr") is not None:
            writer.add(f"- {text}" if text else "", group=group)
        else:
            group += 1
            writer.add(text)
    title = title or writer.first_heading
    return title, writer.sections(title)


def _word_blocks(parent: ET.Element) -> Iterator[ET.Element]:
    """Paragraphs and tables in reading order, those in content controls included."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"):
            yield from _word_blocks(child)


def _word_style(block: ET.Element) -> str:
    style = block.find(f"{_W}pPr/{_W}pStyle")
    return style.get(f"{_W}val", "") if style is not None else ""


def _word_text(block: ET.Element) -> str:
    """A paragraph's text; what was deleted under "track changes" stands in `delText` and is not read."""
    pieces: list[str] = []
    for node in block.iter():
        if node.tag == f"{_W}t":
            pieces.append(node.text or "")
        elif node.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}p"):
            pieces.append(" ")
    return " ".join("".join(pieces).split())


def _heading_levels(package: _Package) -> dict[str, int]:
    """Style id -> heading level, 0 for the title. Ids are translated ("Rubrik1"), names are not ("heading 1")."""
    levels: dict[str, int] = {}
    if not package.has("word/styles.xml"):
        return {"Title": 0, **{f"Heading{level}": level for level in range(1, 10)}}
    for style in package.part("word/styles.xml").iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        found = _HEADING_STYLE.fullmatch(name.get(f"{_W}val", "")) if name is not None else None
        if found:
            levels[style.get(f"{_W}styleId", "")] = int(found.group(1) or 0)
    return levels


def _read_slides(package: _Package) -> tuple[str, tuple[Section, ...]]:
    """Each slide is a section under its title, with the slide's number as page."""
    main = "ppt/presentation.xml"
    targets = package.targets(main)
    listed = package.part(main).find(f"{_P}sldIdLst")
    names = [targets.get(one.get(f"{_R}id", ""), "") for one in listed] if listed is not None else []
    sections: list[Section] = []
    title = ""
    for number, name in enumerate(names, start=1):
        if not package.has(name):
            continue
        heading, text = _slide(package.part(name))
        title = title or heading
        if text or heading:
            headings = (heading,) if heading and heading != title else ()
            sections.append(Section(text=text or heading, headings=headings, page=number))
    return title, tuple(sections)


def _slide(root: ET.Element) -> tuple[str, str]:
    heading, parts = "", []
    for shape in root.iter():
        if shape.tag == f"{_P}sp":
            lines = [line for paragraph in shape.iter(f"{_A}p") if (line := _slide_line(paragraph))]
            holder = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
            kind = holder.get("type", "") if holder is not None else ""
            if kind in _TITLE_HOLDERS and lines and not heading:
                heading = " ".join(lines)[:MAX_HEADING]
            elif kind not in ("sldNum", "dt", "ftr"):
                parts.append("\n".join(f"- {line}" if len(lines) > 1 else line for line in lines))
        elif shape.tag == f"{_A}tbl":
            rows = [[_slide_line(cell) for cell in row.iter(f"{_A}tc")] for row in shape.iter(f"{_A}tr")]
            parts.append("\n".join(table_lines(rows[0], rows[1:]) if len(rows) > 1 else map("; ".join, rows)))
    return heading, "\n\n".join(part for part in parts if part)


def _slide_line(node: ET.Element) -> str:
    pieces = [
        (one.text or "") if one.tag == f"{_A}t" else " " for one in node.iter() if one.tag in (f"{_A}t", f"{_A}br")
    ]
    return " ".join("".join(pieces).split())
