"""What the styles of a Word file say of its paragraphs: which are headings, which are items of which list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VALUE = f"{W}val"
_HEADING = re.compile(r"heading ([1-9])|(title)", re.IGNORECASE)
#: A line of the table of contents, which says what stands elsewhere.
_CONTENTS = re.compile(r"toc (?:[1-9]|heading)|table of (?:figures|authorities)|index [1-9]", re.IGNORECASE)
#: A style may be based on another, and that on a third; a circle ends here.
_MAX_CHAIN = 12
_LETTERS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStyle:
    """How an item of a list begins."""

    #: Which list: its items are counted together.
    number: str
    #: From 0.
    level: int
    #: "bullet", "decimal", "lowerLetter" … (17.18.59, ST_NumberFormat).
    form: str
    start: int = 1

    def marker(self, count: int) -> str:
        """What stands before the item that is the `count`-th."""
        if self.form in ("bullet", "none"):
            return "- "
        if self.form in ("lowerLetter", "upperLetter"):
            letter = chr(ord("a") + (count - 1) % _LETTERS)
            return f"{letter if self.form == 'lowerLetter' else letter.upper()}. "
        return f"{count}. "


class Styles:
    """The styles and lists of a Word file."""

    def __init__(self, styles: ET.Element | None, numbering: ET.Element | None) -> None:
        """Takes the parts "styles" and "numbering"; None where the file has none."""
        self._by_id = (
            {one.get(f"{W}styleId", ""): one for one in styles.iter(f"{W}style")} if styles is not None else {}
        )
        self._levels: dict[str, int | None] = {}
        self._abstract: dict[str, ET.Element] = {}
        self._lists: dict[str, ET.Element] = {}
        if numbering is not None:
            self._abstract = {one.get(f"{W}abstractNumId", ""): one for one in numbering.iter(f"{W}abstractNum")}
            self._lists = {one.get(f"{W}numId", ""): one for one in numbering.iter(f"{W}num")}

    def heading_level(self, block: ET.Element) -> int | None:
        """The level of a paragraph that is a heading, 0 for the title; None for every other."""
        own = _number(block.find(f"{W}pPr/{W}outlineLvl"))
        if own is not None:
            # The tenth level is "body text".
            return own + 1 if own < 9 else None  # noqa: PLR2004 - 17.3.1.20
        style = _style_of(block)
        if style not in self._levels:
            self._levels[style] = self._style_level(style)
        return self._levels[style]

    def is_contents(self, block: ET.Element) -> bool:
        """Whether the paragraph is a line of a table of contents."""
        return _CONTENTS.fullmatch(self._name(_style_of(block))) is not None

    def list_style(self, block: ET.Element) -> ListStyle | None:
        """How the paragraph begins as an item of a list; None when it is none."""
        marks = [
            block.find(f"{W}pPr/{W}numPr"),
            *(one.find(f"{W}pPr/{W}numPr") for one in self._chain(_style_of(block))),
        ]
        number = level = None
        for mark in marks:
            if mark is not None:
                found = mark.find(f"{W}numId")
                number = number if number is not None or found is None else found.get(_VALUE, "0")
                level = level if level is not None else _number(mark.find(f"{W}ilvl"))
        if not any(mark is not None for mark in marks) or number == "0":
            return None
        return self._list_style(number or "", min(level or 0, 8))

    def _list_style(self, number: str, level: int) -> ListStyle:
        instance = self._lists.get(number)
        abstract = instance.find(f"{W}abstractNumId") if instance is not None else None
        levels = self._abstract.get(abstract.get(_VALUE, "")) if abstract is not None else None
        for one in levels.iter(f"{W}lvl") if levels is not None else ():
            if one.get(f"{W}ilvl") == str(level):
                form, start = one.find(f"{W}numFmt"), _number(one.find(f"{W}start"))
                named = form.get(_VALUE, "bullet") if form is not None else "decimal"
                return ListStyle(number=number, level=level, form=named, start=1 if start is None else start)
        return ListStyle(number=number, level=level, form="bullet")

    def _style_level(self, style: str) -> int | None:
        """By the names of the style and those it is based on: ids are translated ("Rubrik1"), names are not."""
        if not self._by_id:
            found = re.fullmatch(r"Heading([1-9])|(Title)", style)
            return int(found.group(1) or 0) if found else None
        for one in self._chain(style):
            found = _HEADING.fullmatch(_name(one))
            if found:
                return int(found.group(1) or 0)
            outline = _number(one.find(f"{W}pPr/{W}outlineLvl"))
            if outline is not None:
                return outline + 1 if outline < 9 else None  # noqa: PLR2004 - 17.3.1.20
        return None

    def _name(self, style: str) -> str:
        return _name(self._by_id[style]) if style in self._by_id else ""

    def _chain(self, style: str) -> list[ET.Element]:
        """The style, the one that it is based on, and so on."""
        found: list[ET.Element] = []
        while style in self._by_id and len(found) < _MAX_CHAIN:
            found.append(self._by_id[style])
            base = found[-1].find(f"{W}basedOn")
            style = base.get(_VALUE, "") if base is not None else ""
        return found


def _style_of(block: ET.Element) -> str:
    style = block.find(f"{W}pPr/{W}pStyle")
    return style.get(_VALUE, "") if style is not None else ""


def _name(style: ET.Element) -> str:
    name = style.find(f"{W}name")
    return name.get(_VALUE, "") if name is not None else ""


def _number(mark: ET.Element | None) -> int | None:
    value = mark.get(_VALUE, "") if mark is not None else ""
    return int(value) if value.isascii() and value.isdigit() else None
