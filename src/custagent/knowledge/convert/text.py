"""Plain text, reStructuredText and configuration files: sections by underlined headings and by questions."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.charset import decode
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.reflow import LIST_ITEM, line_width, reflow
from custagent.knowledge.convert.rows import add_rows
from custagent.knowledge.convert.rst_tables import drawn_rows, table_end, written_rows
from custagent.knowledge.convert.writer import QUESTION_LEVEL, SectionWriter

_ADORNMENT = re.compile(r"([=\-~^\"'`#*+:._])\1{2,}")
_MAX_TITLE = 100
_MAX_QUESTION = 200
#: Lines of a table.
_MAX_TABLE = 2000
#: "Q: …" and "A: …" in a paragraph, in a few languages.
_ASKED = re.compile(
    r"(?:q|question|f|fråga|frage|pregunta|domanda|vraag|spørgsmål|spørsmål)\s*\d*\s*[:.)]\s+(?=\S)", re.IGNORECASE
)
_ANSWERED = re.compile(
    r"(?:a|answer|s|svar|antwort|réponse|respuesta|risposta|antwoord)\s*\d*\s*[:.)]\s+(?=\S)", re.IGNORECASE
)

_RST_ANCHOR = re.compile(r"\.\. _([^:`]+):\s*$")
_RST_DIRECTIVE = re.compile(r"\.\. ([\w-]+)::\s*(.*)$")
#: A footnote or citation: ".. [1] Its text."
_RST_NOTE = re.compile(r"\.\. \[([#*\w.-]+)\]\s+(.*)$")
_RST_REPLACED = re.compile(r"\.\. \|([^|]+)\| replace::\s*(.*)$")
_RST_NOTE_MARK = re.compile(r"\s?\[[#*\w.-]{1,40}\]_(?!\w)")
#: Directives whose argument is for the program that sets the text: a language, a file.
_RST_UNSAID = frozenset({"code-block", "code", "sourcecode", "highlight", "math", "figure", "parsed-literal", "container",
                         "class", "rst-class", "tab-set", "grid"})  # fmt: skip
_RST_TABLES = ("list-table", "csv-table")
#: Directives whose lines are no text.
_RST_SILENT = frozenset({"image", "toctree", "contents", "index", "include", "raw", "meta", "only", "highlight",
                         "default-role", "module", "currentmodule", "sectionauthor", "moduleauthor"})  # fmt: skip
_RST_ROLE = re.compile(r":[\w+-]{1,40}(?::[\w+-]{1,40})?:`([^`<]{1,300}?)(?:\s*<[^`>]*>)?`")
_RST_LINK = re.compile(r"`([^`<]{1,300}?)\s*<[^`>]*>`__?")
_RST_MARKS = re.compile(r"``([^`]+)``|`([^`]+)`_{0,2}|\*\*([^*]+)\*\*")
_CONFIG_SECTION = re.compile(r"\[([^\[\]]+)\]")


def read_text(raw: RawContent, language_hint: str = "", *, rst: bool = False) -> Document:
    """The document in a text file; `rst` reads the marks of reStructuredText. Raises ConvertError without text."""
    text = decode(raw, language=language_hint).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    lines = [line.expandtabs(4).rstrip() for line in text.split("\n")]
    writer = SectionWriter()
    is_config = PurePosixPath(raw.location).suffix.lower() in (".cfg", ".conf")
    if is_config:
        _read_config(lines, writer)
    else:
        _TextReader(writer, lines, rst=rst).read()
    title = writer.first_heading if not is_config else ""
    sections = writer.sections(title)
    if not title:
        title = readable(raw.location)
        first = sections[0].text.split("\n\n", 1) if sections and not is_config else []
        if len(first) > 1 and _is_title(first[0]):
            title = first[0]
    if not sections:
        raise ConvertError(f"{raw.location}: the file holds no text", hint="Write the answer in it, or remove it.")
    return Document(
        location=raw.location,
        title=title,
        language=language_of("\n".join(section.text for section in sections), hint=language_hint),
        sections=sections,
        etag=raw.etag,
        last_modified=raw.last_modified,
    )


def _is_title(text: str) -> bool:
    return "\n" not in text and len(text) <= _MAX_TITLE and not text.endswith((".", ":", ";", ",", "!"))


def _read_config(lines: list[str], writer: SectionWriter) -> None:
    """A configuration file: its lines as they stand, in the sections that it names in brackets."""
    block: list[str] = []
    for line in [*lines, ""]:
        named = _CONFIG_SECTION.fullmatch(line.strip())
        if not line.strip() or named:
            writer.add("\n".join(block))
            block = []
        if named:
            writer.heading(named.group(1).strip(), level=1, anchor="")
        elif line.strip():
            block.append(line)
    writer.add("\n".join(block))


class _TextReader:
    """Reads lines into headings and paragraphs."""

    def __init__(self, writer: SectionWriter, lines: list[str], *, rst: bool) -> None:
        self._writer = writer
        self._lines = lines
        self._rst = rst
        self._width = line_width(lines)
        self._styles: list[str] = []
        self._anchor = ""
        self._at = 0
        self._group = 0
        found = (_RST_REPLACED.fullmatch(line) for line in lines if rst)
        self._replaced = {one.group(1): one.group(2) for one in found if one}

    def read(self) -> None:
        while self._at < len(self._lines):
            if not self._lines[self._at].strip() or not (self._heading() or (self._rst and self._markup())):
                self._paragraph()

    def _line(self, offset: int) -> str:
        at = self._at + offset
        return self._lines[at] if at < len(self._lines) else ""

    def _heading(self) -> bool:
        """A line with a line of signs below it, and perhaps above it (docutils, "Sections")."""
        over = 1 if _ADORNMENT.fullmatch(self._line(0)) and self._line(1).strip() else 0
        text, under = self._line(over), self._line(over + 1)
        if not text.strip() or not _ADORNMENT.fullmatch(under) or _ADORNMENT.fullmatch(text.strip()):
            return False
        if len(under) < min(len(text.strip()), 80) - 2 or len(text.strip()) > _MAX_QUESTION:
            return False
        style = under[0] * (over + 1)
        if style not in self._styles:
            self._styles.append(style)
        level = min(6, self._styles.index(style) + 1)
        self._writer.heading(self._plain(text), level=level, anchor=self._anchor)
        self._anchor = ""
        self._at += over + 2
        return True

    def _markup(self) -> bool:
        """reStructuredText's explicit marks: an anchor is remembered, a comment or picture skipped, a note read."""
        line = self._line(0)
        if end := table_end(self._lines[self._at : self._at + _MAX_TABLE]):
            self._write_table(*drawn_rows(self._lines[self._at : self._at + end]))
            self._at += end
            return True
        if not line.startswith(".. ") and line != "..":
            return False
        anchor, note = _RST_ANCHOR.fullmatch(line), _RST_NOTE.fullmatch(line)
        directive = _RST_DIRECTIVE.fullmatch(line)
        self._at += 1
        if anchor:
            self._anchor = anchor.group(1).strip().lower().replace(" ", "-").replace("_", "-")
        elif note:
            self._writer.add(self._plain(" ".join([note.group(2), *self._indented()])))
        elif directive and directive.group(1).lower() not in _RST_SILENT:
            self._directive(directive.group(1).lower(), directive.group(2))
        else:
            self._indented()
        return True

    def _directive(self, name: str, argument: str) -> None:
        if name not in _RST_UNSAID:
            self._writer.add(self._plain(argument))
        if name in _RST_TABLES:
            self._write_table(*written_rows(name, self._indented()))
            return
        while re.match(r"\s+:[\w-]+:", self._line(0)):
            self._at += 1

    def _indented(self) -> list[str]:
        """The lines that are indented from here on; they are read."""
        begin = self._at
        while self._at < len(self._lines) and (self._line(0).startswith(" ") or not self._line(0)):
            self._at += 1
        return [line.strip() for line in self._lines[begin : self._at] if line.strip()]

    def _write_table(self, headings: list[str], rows: list[list[str]]) -> None:
        self._group += 1
        plain = [[self._plain(cell) for cell in row] for row in rows]
        add_rows(self._writer, [self._plain(heading) for heading in headings], plain, group=self._group)

    def _paragraph(self) -> None:
        block: list[str] = []
        while self._at < len(self._lines) and self._lines[self._at].strip():
            if block and self._starts_heading():
                break
            block.append(self._lines[self._at])
            self._at += 1
        if not block:
            self._at += 1
            return
        self._write(block)

    def _starts_heading(self) -> bool:
        return bool(_ADORNMENT.fullmatch(self._line(1))) and len(self._line(1)) >= len(self._line(0).strip()) - 2

    def _write(self, block: list[str]) -> None:
        if len(block) == 1 and _ADORNMENT.fullmatch(block[0].strip()):
            return
        asked = _ASKED.match(block[0].strip())
        first = block[0].strip()
        if asked and first.endswith("?"):
            self._question(first[asked.end() :])
            block = block[1:]
        elif len(block) == 1 and first.endswith("?") and len(first) <= _MAX_QUESTION and not LIST_ITEM.match(first):
            self._question(first)
            return
        if block:
            answered = _ANSWERED.match(block[0].strip())
            if answered and self._writer.open and self._writer.open[-1].level == QUESTION_LEVEL:
                block = [block[0].strip()[answered.end() :], *block[1:]]
            self._writer.add(self._text(block))

    def _question(self, text: str) -> None:
        self._writer.heading(self._plain(text), level=QUESTION_LEVEL, anchor="", depth=1)

    def _text(self, block: list[str]) -> str:
        if all(line.startswith("    ") for line in block) or any("  " in line.strip() for line in block):
            # Code, or columns: the place of each word matters.
            return "\n".join(block)
        lines = [line.removesuffix("::") + ":" if self._rst and line.endswith("::") else line for line in block]
        return self._plain(reflow(lines, self._width))

    def _plain(self, text: str) -> str:
        if not self._rst:
            return text.strip()
        text = _RST_NOTE_MARK.sub("", text.strip())
        text = re.sub(r"\|([^|\s][^|]*)\|", lambda found: self._replaced.get(found.group(1), found.group()), text)
        text = _RST_LINK.sub(r"\1", _RST_ROLE.sub(r"\1", text))
        return _RST_MARKS.sub(lambda found: next(group for group in found.groups() if group), text)
