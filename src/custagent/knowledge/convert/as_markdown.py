"""A document written as Markdown, so that people can review it and the converter reads the same document from it.

What would mean something in Markdown is escaped (CommonMark 0.31 §2.4). Anchors go behind their headings as `{#anchor}`,
so that a citation still leads to its place on the public page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from custagent.core.document import Document

#: Headings above a section that Markdown has room for, below the title.
_DEEPEST = 5
_ITEM = re.compile(r"( *)(-|\d{1,3}\.) (.*)")
_ANCHOR = re.compile(r"[\w:.-]+")
#: Signs that mean something wherever they stand, and those that do so at the beginning of a line.
_ANYWHERE = re.compile(r"[\\`*\[\]<|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|!(?=\[)")
_AT_START = re.compile(r"(?=[#+>=:{-]|!(?!\[))")
_NUMBER_AT_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def as_markdown(document: Document) -> str:
    """The title as first heading, then the sections. Lists of links, which nothing is answered from, are left out."""
    sections = [section for section in document.sections if not section.links_only] or document.sections
    path: tuple[str, ...] = ()
    anchor = sections[0].anchor if sections and not sections[0].headings else ""
    blocks = [f"# {_heading(document.title, anchor)}"]
    for section in sections:
        own = section.headings
        own = own if len(own) <= _DEEPEST else (*own[: _DEEPEST - 1], own[-1])
        if own and (own != path or section.anchor != anchor):
            blocks += _headings(own, path, section.anchor)
        path, anchor = own, section.anchor
        blocks += _blocks(section.text)
    return "\n\n".join(blocks) + "\n"


def _headings(path: Sequence[str], before: Sequence[str], anchor: str) -> Iterator[str]:
    """The headings that lead from the section before to this one; its own is always among them."""
    same = next((depth for depth, (one, other) in enumerate(zip(path, before, strict=False)) if one != other), None)
    first = min(len(path) - 1, len(before)) if same is None else same
    for depth in range(first, len(path)):
        yield f"{'#' * (depth + 2)} {_heading(path[depth], anchor if depth == len(path) - 1 else '')}"


def _heading(text: str, anchor: str) -> str:
    return f"{_escaped(text)} {{#{anchor}}}" if _ANCHOR.fullmatch(anchor) else _escaped(text)


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, lists and code, as Markdown."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        if _ITEM.fullmatch(lines[0]) and not lines[0].startswith(" "):
            yield _list(lines)
        elif any(line != " ".join(line.split()) for line in lines):
            yield _code(lines)
        else:
            yield "\\\n".join(_line(line) for line in lines)


def _list(lines: Sequence[str]) -> str:
    """Items two blanks apart by level, as sections have them; Markdown wants them under the text of the item above."""
    written: list[str] = []
    #: The columns at which the text of the open items begins, outermost first.
    columns: list[int] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item is None:
            indent = " " * (columns[-1] if columns else 0)
            written[-1] += "\\"
            written.append(indent + _line(line.strip()))
            continue
        level = min(len(item[1]) // 2, len(columns))
        del columns[level:]
        column = columns[-1] if columns else 0
        columns.append(column + len(item[2]) + 1)
        written.append(f"{' ' * column}{item[2]} {_line(item[3])}")
    return "\n".join(written)


def _code(lines: Sequence[str]) -> str:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *lines, fence])


def _line(text: str) -> str:
    """One line of running text, which begins nothing."""
    started = _NUMBER_AT_START.match(text)
    if started:
        return f"{started[1]}\\{started[2]}{_escaped(text[started.end() :])}"
    return ("\\" if _AT_START.match(text) else "") + _escaped(text)


def _escaped(text: str) -> str:
    return _ANYWHERE.sub(lambda found: "\\" + found[0], " ".join(text.split()))
